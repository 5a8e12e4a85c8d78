import { clock, duration } from './format';

export interface Measured {
  usualMillis?: number | null;
  usualP95Millis?: number | null;
}

/** Longer than 95 of 100 earlier ones; false where nothing is measured. */
export function overdue(took: number | null, { usualP95Millis }: Measured): boolean {
  return took !== null && usualP95Millis != null && took > usualP95Millis;
}

/**
 * What stands beside a time that something took: "usually 3 min 50 s"; null where it is not measured. Of a run it says what it
 * was compared with, by how many targets it has: runs over the same ones.
 */
export function usually(took: number | null, measured: Measured, targets?: number): string | null {
  const words = compared(took, measured);
  if (words === null || targets === undefined) return words;
  return `${words} on ${targets === 1 ? 'the same target' : `the same ${targets} targets`}`;
}

function compared(took: number | null, measured: Measured): string | null {
  const { usualMillis, usualP95Millis } = measured;
  if (usualMillis == null) return null;
  return overdue(took, measured) ? `longer than 95 of 100 (usually ${duration(usualMillis)}, at most ${duration(usualP95Millis)})` : `usually ${duration(usualMillis)}`;
}

/** A time that counts up is shown in whole seconds. */
export function time(took: number, counts: boolean): string {
  return counts ? clock(took) : duration(took);
}
