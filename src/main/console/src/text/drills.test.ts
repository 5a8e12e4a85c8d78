import { expect, test } from 'vitest';
import { aimWords, heights, inStores, trendWords } from './drills';

test('a trend is said only where it was measured often enough', () => {
  expect(trendWords({ lastMedianMillis: null, beforeMedianMillis: null })).toBe(null);
  expect(trendWords({ lastMedianMillis: 252_000, beforeMedianMillis: null })).toBe('Median of the last ten: 4 min 12 s.');
  expect(trendWords({ lastMedianMillis: 252_000, beforeMedianMillis: 230_000 })).toBe('Median of the last ten: 4 min 12 s; of the ten before: 3 min 50 s.');
});

test('a drill says what it took', () => {
  expect(aimWords({ chosen: 'NEWEST', point: null, kitMadeAt: null })).toBe('the newest backup');
  expect(aimWords({ chosen: 'RANDOM', point: null, kitMadeAt: null })).toBe('an older backup, by chance');
  expect(aimWords({ chosen: 'RANDOM_POINT', point: 'the time 2026-02-01T03:04:05Z', kitMadeAt: null })).toBe('the time 2026-02-01T03:04:05Z, by chance');
  expect(aimWords({ chosen: 'NAMED', point: 'the end of the stored log', kitMadeAt: null })).toBe('the end of the stored log');
  expect(aimWords({ chosen: 'NAMED', point: null, kitMadeAt: null })).toBe('a named backup');
});

test('a drill with the kit says so', () => {
  expect(aimWords({ chosen: 'NEWEST', point: null, kitMadeAt: '2026-11-20T10:00:00Z' })).toBe('the newest backup, with the recovery kit of 2026-11-20');
});

test('only whole copies count', () => {
  const copy = { location: 'a/b/c', storedBytes: null, madeAt: null, verifiedAt: null, run: 'r', proof: {} as never };
  expect(inStores({ store: 'local', copies: [] })).toBe('local');
  expect(inStores({ store: 'local', copies: [{ ...copy, store: 'nas', state: 'WHOLE' }, { ...copy, store: 'offsite', state: 'COPYING' }] })).toBe('local and 1 more');
});

test('what was not measured has no place in the line', () => {
  expect(heights([{ rtoMillis: 50 }, { rtoMillis: null }, { rtoMillis: 100 }])).toEqual([1, 0.5]);
  expect(heights([])).toEqual([]);
});
