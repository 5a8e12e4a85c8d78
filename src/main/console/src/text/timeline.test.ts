import { expect, test } from 'vitest';
import type { Bar } from '../api/types';
import { place, ticks } from './timeline';

const at = (hour: number) => new Date(Date.UTC(2026, 10, 21, 0) + hour * 3_600_000).toISOString();
const bar = (run: string, from: number, to: number | null): Bar => ({ run, job: 'backup', status: 'COMPLETED', from: at(from), to: to === null ? null : at(to), reason: null });

test('bars that overlap stand in rows of their own, later ones come back to the first', () => {
  const placed = place([bar('c', 6, 7), bar('a', 1, 3), bar('b', 2, 4)], at(0), at(10), Date.parse(at(10)), 0.02);
  expect(placed.map(({ run, row, left }) => [run, row, left])).toEqual([['a', 0, 0.1], ['b', 1, 0.2], ['c', 0, 0.6]]);
});

test('a running bar ends now, and a short one can still be seen', () => {
  const [running, short] = place([bar('r', 2, null), bar('s', 9.999, 10)], at(0), at(10), Date.parse(at(5)), 0.02);
  expect(running!.width).toBeCloseTo(0.3);
  expect(short!.left + short!.width).toBeLessThanOrEqual(1.0001);
  expect(running!.room).toBeGreaterThan(0.4);
});

test('a bar that began before the night starts at its edge', () => {
  const [early] = place([bar('e', -2, 1)], at(0), at(10), Date.parse(at(5)), 0.02);
  expect([early!.left, early!.width]).toEqual([0, 0.1]);
});

test('full hours are marked, no more than asked for', () => {
  expect(ticks(at(0.5), at(8.5), 8).map((mark) => mark.left * 8 + 0.5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ticks(at(0), at(24), 8).length).toBeLessThanOrEqual(9);
});
