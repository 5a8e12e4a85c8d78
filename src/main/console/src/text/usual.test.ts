import { expect, test } from 'vitest';
import { overdue, usually } from './usual';

const measured = { usualMillis: 230_000, usualP95Millis: 360_000 };

test('a time within the usual says what is usual', () => {
  expect(usually(252_000, measured)).toBe('usually 3 min 50 s');
  expect(overdue(360_000, measured)).toBe(false);
});

test('a time over it says by how much it is', () => {
  expect(usually(720_000, measured)).toBe('longer than 95 of 100 (usually 3 min 50 s, at most 6 min 00 s)');
  expect(overdue(360_001, measured)).toBe(true);
});

test('what is not measured is not said', () => {
  expect(usually(720_000, { usualMillis: null, usualP95Millis: null })).toBe(null);
  expect(overdue(720_000, {})).toBe(false);
  expect(overdue(null, measured)).toBe(false);
});

test('a run says what it was compared with', () => {
  expect(usually(252_000, measured, 1)).toBe('usually 3 min 50 s on the same target');
  expect(usually(252_000, measured, 12)).toBe('usually 3 min 50 s on the same 12 targets');
  expect(usually(252_000, {}, 12)).toBe(null);
});
