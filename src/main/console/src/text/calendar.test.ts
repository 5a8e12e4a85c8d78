import { expect, test } from 'vitest';
import { beginOf, dayOf, linesOf, plusDays, standsIn, touches, weekOf } from './calendar';
import type { Entry } from './calendar';

const entry = (at: string, of: string): Entry => ({ at, of, job: 'backup', status: null, run: null, reason: null });

test('a day is one of the reader’s zone', () => {
  expect(dayOf('2026-11-28T23:30:00Z', 'Europe/Vienna')).toBe('2026-11-29');
  expect(dayOf('2026-11-28T23:30:00Z', 'UTC')).toBe('2026-11-28');
});

test.each([
  ['2026-11-28', 'Europe/Vienna', '2026-11-27T23:00:00.000Z'],
  ['2026-03-29', 'Europe/Vienna', '2026-03-28T23:00:00.000Z'],
  ['2026-03-30', 'Europe/Vienna', '2026-03-29T22:00:00.000Z'],
  ['2026-11-01', 'America/New_York', '2026-11-01T04:00:00.000Z'],
  ['2026-11-28', 'Asia/Kathmandu', '2026-11-27T18:15:00.000Z'],
  ['2026-11-28', 'Pacific/Kiritimati', '2026-11-27T10:00:00.000Z'],
])('%s begins in %s at %s', (day, zone, at) => expect(beginOf(day, zone).toISOString()).toBe(at));

test('weeks begin on Monday and days are counted over the turn of a month', () => {
  expect(weekOf('2026-11-28')).toBe('2026-11-23');
  expect(weekOf('2026-11-23')).toBe('2026-11-23');
  expect(weekOf('2026-11-29')).toBe('2026-11-23');
  expect(plusDays('2026-11-28', 7)).toBe('2026-12-05');
});

test('what comes often is one line, the rest stands by its time', () => {
  const often = ['00', '06', '12', '18'].map((hour) => entry(`2026-11-28T${hour}:00:00Z`, 'poll'));
  const lines = linesOf([...often, entry('2026-11-28T02:00:00Z', 'nightly'), entry('2026-11-28T01:00:00Z', 'drill')]);
  expect(lines.map((line) => `${line.first.of} ${line.entries.length}`)).toEqual(['poll 4', 'drill 1', 'nightly 1']);
});

test('a stretch touches the days that it has a part in', () => {
  expect(touches('2026-12-24', '2026-12-23T23:00:00Z', '2026-12-26T23:00:00Z', 'Europe/Vienna')).toBe(true);
  expect(touches('2026-12-23', '2026-12-23T23:00:00Z', '2026-12-26T23:00:00Z', 'Europe/Vienna')).toBe(false);
  expect(touches('2026-12-27', '2026-12-23T23:00:00Z', '2026-12-26T23:00:00Z', 'Europe/Vienna')).toBe(false);
  expect(touches('2027-06-01', '2026-12-23T23:00:00Z', null, 'Europe/Vienna')).toBe(true);
});

test('a window that began on Sunday evening stands on Monday, and elsewhere on the day that it begins', () => {
  const stands = (day: string, from: string, to: string) => standsIn(day, '2026-11-23', from, to, 'Europe/Vienna');
  expect(stands('2026-11-23', '2026-11-22T21:00:00Z', '2026-11-23T05:00:00Z')).toBe(true);
  expect(stands('2026-11-24', '2026-11-22T21:00:00Z', '2026-11-23T05:00:00Z')).toBe(false);
  expect(stands('2026-11-23', '2026-11-22T20:00:00Z', '2026-11-22T23:00:00Z')).toBe(false);
  expect(stands('2026-11-24', '2026-11-24T21:00:00Z', '2026-11-25T05:00:00Z')).toBe(true);
  expect(stands('2026-11-25', '2026-11-24T21:00:00Z', '2026-11-25T05:00:00Z')).toBe(false);
});
