import type { DeletionRequest, DeletionState } from '../api/deletions';
import type { Look } from '../ui/state';
import { bytes, plural } from './format';

export const DELETION: Record<DeletionState, Look> = {
  WAITING: { word: 'waits for another admin', shape: 'triangle', tone: 'warn' },
  APPROVED: { word: 'approved and done', shape: 'dot', tone: 'good' },
  REFUSED: { word: 'refused', shape: 'dash', tone: 'idle' },
  OUTGROWN: { word: 'more would have gone', shape: 'dash', tone: 'idle' },
  RUN_OUT: { word: 'ran out', shape: 'dash', tone: 'idle' },
  FAILED: { word: 'approved, not possible', shape: 'square', tone: 'bad' },
};

/** What would go, in a line. */
export function goingWords(request: Pick<DeletionRequest, 'backups' | 'bytes' | 'logBytes' | 'elsewhere'>): string {
  const parts = [
    request.backups > 0 && `${plural(request.backups, 'backup')}, ${bytes(request.bytes)}`,
    request.logBytes > 0 && `${bytes(request.logBytes)} of archived log`,
    request.elsewhere > 0 && `${plural(request.elsewhere, 'backup or log', 'backups and logs')} that are not told one by one`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join('; ') : 'nothing at once';
}

/** Why it cannot be switched on; null where it can. */
export function tooFew(admins: number): string | null {
  return admins >= 2 ? null : 'Only one person may do everything in this project. Make somebody else an admin of it first: one asks, another approves.';
}
