import { describe, expect, test } from 'vitest';
import { age, amount, bytes, clock, date, dayAndTimePast, dayOver, duration, exact, exactly, percent, plural, relative, shortId, words, zoneName } from './format';

test('what was in another year says so', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(dayAndTimePast('2026-11-20T01:15:00Z', now, 'UTC')).toBe('Fri 20 Nov, 01:15');
  expect(dayAndTimePast('2025-11-21T01:15:00Z', now, 'UTC')).toBe('Fri 21 Nov 2025, 01:15');
});

test('a fraction of a second is shown where there is one', () => {
  expect(exactly('2026-11-21T01:15:04.400120Z', 'UTC')).toContain('01:15:04.40012 ');
  expect(exactly('2026-11-21T01:15:04.000Z', 'UTC')).toBe(exact('2026-11-21T01:15:04Z', 'UTC'));
});

describe('sizes', () => {
  test('have one decimal and decimal units, bytes none', () => {
    expect([0, 532, 7_200_000, 3_300_000_000, 999_950].map((each) => bytes(each))).toEqual(['0 B', '532 B', '7.2 MB', '3.3 GB', '1.0 MB']);
  });
  test('that nobody measured say so', () => {
    expect([bytes(null), duration(undefined), percent(null)]).toEqual(['not measured', 'not measured', 'not measured']);
  });
  test('of progress follow their unit', () => {
    expect([amount(1_500_000, 'bytes'), amount(1500, 'tables')]).toEqual(['1.5 MB', '1,500']);
  });
});

describe('durations', () => {
  test('read as people say them', () => {
    expect([840, 12_400, 59_960, 252_000, 11_100_000, 187_200_000].map((each) => duration(each))).toEqual(['840 ms', '12.4 s', '1 min 00 s', '4 min 12 s', '3 h 05 min', '2 d 4 h']);
  });
  test('that count up show whole seconds and never run below zero', () => {
    expect([clock(-50), clock(59_400), clock(61_000)]).toEqual(['0 s', '59 s', '1 min 01 s']);
  });
});

describe('times', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  test('are relative in one unit', () => {
    expect([-2000, -240_000, 7_200_000, -26 * 3_600_000].map((each) => relative(now + each, now))).toEqual(['just now', '4 min ago', 'in 2 h', '26 h ago']);
  });
  test('far away are a date', () => expect(relative('2026-01-02T12:00:00Z', now)).toBe('2 Jan 2026'));
  test('are exact in the zone asked for', () => expect(exact('2026-11-21T02:15:04Z', 'Europe/Vienna')).toContain('03:15:04'));
  test('of a last day end with it, in UTC', () => {
    expect(['2026-11-20', '2026-11-21'].map((day) => dayOver(day, now))).toEqual([true, false]);
    expect(dayOver('2026-11-20', Date.parse('2026-11-20T23:59:59Z'))).toBe(false);
    expect(date('2026-11-21', 'UTC')).toBe('21 Nov 2026');
  });
  test('have a zone that follows the summer', () => {
    expect([zoneName('2026-11-21T02:15:04Z', 'Europe/Vienna'), zoneName('2026-07-21T02:15:04Z', 'Europe/Vienna'), zoneName(now, 'UTC')]).toEqual(['CET', 'CEST', 'UTC']);
  });
  test('as an age keep hours until two days', () => expect([age(47 * 3_600_000), age(49 * 3_600_000)]).toEqual(['47 h', '2 d']));
});

test('names and counts become words', () => {
  expect([words('restore-drill'), words('rateLimitBytesPerSecond'), plural(1, 'database'), plural(1200, 'database')]).toEqual(['Restore drill', 'Rate limit bytes per second', '1 database', '1,200 databases']);
  expect(shortId('0193a7c4-0001-7d1e-9c3b-5f2e8a107919')).toBe('8a107919');
});
