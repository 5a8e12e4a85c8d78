import type { Backup, Drill, Trend } from '../api/backups';
import type { Look } from '../ui/state';
import { duration } from './format';

/** How restore times go, by medians of what drills measured; null where ten are not there yet. */
export function trendWords({ lastMedianMillis, beforeMedianMillis }: Trend): string | null {
  if (lastMedianMillis == null) return null;
  const last = `Median of the last ten: ${duration(lastMedianMillis)}`;
  return beforeMedianMillis == null ? `${last}.` : `${last}; of the ten before: ${duration(beforeMedianMillis)}.`;
}

/** What a drill took, and how that was chosen. */
export function aimWords({ chosen, point, kitMadeAt }: Pick<Drill, 'chosen' | 'point' | 'kitMadeAt'>): string {
  return kitMadeAt ? `${takenWords({ chosen, point })}, with the recovery kit of ${kitMadeAt.slice(0, 10)}` : takenWords({ chosen, point });
}

function takenWords({ chosen, point }: Pick<Drill, 'chosen' | 'point'>): string {
  if (chosen === 'RANDOM_POINT') return `${point ?? 'a moment'}, by chance`;
  if (point) return point;
  return { NEWEST: 'the newest backup', RANDOM: 'an older backup, by chance', UNKNOWN: 'a backup' }[chosen] ?? 'a named backup';
}

/** The store that it was taken to, and in how many it lies whole. */
export function inStores({ store, copies }: Pick<Backup, 'store' | 'copies'>): string {
  const whole = copies.filter((each) => each.state === 'WHOLE').length;
  return whole === 0 ? store : `${store} and ${whole} more`;
}

export function copyLook(state: string): Look {
  if (state === 'WHOLE') return { word: 'whole', shape: 'dot', tone: 'good' };
  if (state === 'LEFT') return { word: 'deleted, still locked', shape: 'dash', tone: 'idle' };
  return state === 'COPYING' ? { word: 'not whole yet', shape: 'half', tone: 'idle' } : { word: 'being removed', shape: 'dash', tone: 'idle' };
}

/** The times to a restored server, oldest first, as heights of 0 to 1 of the longest. */
export function heights(drills: Pick<Drill, 'rtoMillis'>[]): number[] {
  const times = drills.flatMap((each) => (each.rtoMillis == null ? [] : [each.rtoMillis])).reverse();
  const longest = Math.max(1, ...times);
  return times.map((each) => each / longest);
}
