import type { RunItem } from '../api/types';
import { bytes, count, duration, plural } from './format';

/** What came of a run, from the figures that its targets report together; null where none says it. */
export function yieldOf({ summary: { targets, figures } }: Pick<RunItem, 'summary'>): string | null {
  const sum = (name: string) => typeof figures[name] === 'number' ? figures[name] : null;
  const stored = sum('storedBytes');
  const copies = sum('copies');
  if (copies !== null) return `${plural(copies, 'copy', 'copies')}${stored === null ? '' : `, ${bytes(stored)}`}`;
  if (stored !== null) return `${bytes(stored)} stored of ${bytes(sum('sizeBytes'))}`;
  const rto = sum('rtoMillis');
  // Times to restore of several targets do not add up to one.
  if (figures.level) return `${figures.level}${rto !== null && targets.COMPLETED === 1 ? ` in ${duration(rto)}` : ''}`;
  const dead = sum('deadRowsRemoved');
  if (dead !== null) return `${count(dead)} dead ${dead === 1 ? 'row' : 'rows'} removed, ${plural(sum('tablesDone') ?? 0, 'table')} done`;
  const forgotten = sum('rowsForgotten');
  if (forgotten !== null) return forgotten === 0 ? 'nothing was old enough' : `${plural(forgotten, 'row')} forgotten`;
  const freed = sum('bytesFreed');
  if (freed !== null) {
    const all = freed + (sum('logBytesFreed') ?? 0);
    const locked = sum('bytesLocked');
    // Where it is not known whether a store keeps versions, what is deleted does not count as freed.
    const deleted = Object.keys(figures).filter((name) => name.startsWith('bytesDeleted.')).reduce((bytes, name) => bytes + (sum(name) ?? 0), 0);
    return `${all === 0 ? 'nothing' : bytes(all)} freed${locked ? `, ${bytes(locked)} locked` : ''}${deleted ? `, ${bytes(deleted)} deleted` : ''}`;
  }
  const going = sum('backupsGoing');
  if (going !== null) {
    const all = (sum('bytesGoing') ?? 0) + (sum('logBytesGoing') ?? 0);
    return going === 0 && all === 0 ? 'nothing would go' : `${plural(going, 'backup')} would go, ${bytes(all)}`;
  }
  const entered = sum('backupsEntered');
  if (entered !== null) return `${plural(entered, 'backup')} entered`;
  const rewrapped = sum('rewrapped');
  if (rewrapped !== null) return `${plural(rewrapped, 'key')} rewrapped${sum('left') ? `, ${count(sum('left') ?? 0)} left` : ''}`;
  const restored = sum('sizeBytes');
  return restored === null ? null : `${bytes(restored)} restored`;
}
