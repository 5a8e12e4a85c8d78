import type { Loaded } from '../api/load';
import { titleOf } from '../text/adopted';
import type { Row } from '../text/adopted';
import { bytes, words } from '../text/format';
import { When } from '../ui/bits';
import { Trouble, told } from '../ui/panel';
import { ProofState, State } from '../ui/state';

/** What lists of backups show alike of ours and of those that other tools told of. */

export function Taken({ row: { at, theirs } }: { row: Row }) {
  return theirs && !theirs.backup.endedAt ? <span>not over</span> : <When at={at} plain />;
}

export function StateOf({ row: { ours, theirs } }: { row: Row }) {
  if (ours) return <ProofState proof={ours.proof} damaged={ours.state === 'DAMAGED'} />;
  const title = titleOf(theirs!.tool);
  return theirs!.backup.failed
    ? <span class="two"><State look={{ word: 'faulty', shape: 'square', tone: 'bad' }} /><small>says {title}, read-only</small></span>
    : <span class="two"><State look={{ word: 'not proven', shape: 'ring', tone: 'idle' }} /><small>{title}, read-only</small></span>;
}

/** Where a tool does not say what a backup takes, it may say of how much. */
export function Stored({ row: { ours, theirs } }: { row: Row }) {
  if (ours) return <>{bytes(ours.storedBytes)}</>;
  const { storedBytes, sizeBytes } = theirs!.backup;
  if (storedBytes !== null) return <>{bytes(storedBytes)}</>;
  return <span class="two"><span class="muted">not told</span>{sizeBytes !== null && <small>of {bytes(sizeBytes)}</small>}</span>;
}

export function kindOf({ ours, theirs }: Row): string {
  return words((ours ?? theirs!.backup).kind.toLowerCase());
}

/** What could not be read of other tools' backups keeps ours from nobody. */
export function TheirTrouble({ of: { problem, reload } }: { of: Pick<Loaded<unknown>, 'problem' | 'reload'> }) {
  if (!problem || told(problem)) return null;
  return <Trouble calm problem={{ ...problem, detail: `What other tools told of their backups cannot be read: ${problem.detail}` }} retry={reload} />;
}
