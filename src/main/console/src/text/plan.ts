/** What a plan says of how much a restore is and how long it takes: only what was measured counts as known. */
import type { PlanPart, PlanSize } from '../api/backups';
import { bytes, duration, plural } from './format';

const PARTS: Record<PlanPart['part'], string> = { FILES: 'files', LOG: 'archived log', REPLAY: 'start and replay' };

/** How long, with the parts that nobody measured. */
export function timeWords({ millis, parts }: Pick<PlanSize, 'millis' | 'parts'>): string {
  if (millis != null) return `about ${duration(millis)}`;
  const unknown = parts.filter((part) => part.millis == null).map((part) => PARTS[part.part]);
  const known = parts.filter((part) => part.millis != null).reduce((sum, part) => sum + part.millis!, 0);
  const why = parts.some((part) => part.millis == null && part.measured) ? 'not measured here for so much' : 'never measured here';
  return unknown.length === parts.length ? why : `about ${duration(known)}, without ${unknown.join(' and ')}: ${why}`;
}

/** One part a line: what it is, how long, and by what that is known. */
export function partWords({ part, bytes: much, millis, measured }: PlanPart): string {
  const what = `${PARTS[part]}, ${bytes(much)}: `;
  if (!measured) return `${what}never measured from this store`;
  if (millis == null) return `${what}measured from this store for ${bytes(measured.bytes)} only`;
  return `${what}about ${duration(millis)}, by a ${measured.kind === 'DRILL' ? 'drill' : 'restore'} of ${bytes(measured.bytes)} that took ${duration(measured.millis)}`;
}

/** What is read of the store. */
export function readWords({ backups, backupBytes }: Pick<PlanSize, 'backups' | 'backupBytes'>): string {
  return backups.length === 1 ? bytes(backupBytes) : `${bytes(backupBytes)} in ${plural(backups.length, 'backup')}: ${backups.map((each) => bytes(each.storedBytes)).join(' + ')}`;
}
