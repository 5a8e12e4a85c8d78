import { expect, test } from 'vitest';
import { keepWords, measureWords, nextWords, numberProblem, numbers, stillOf, texts } from './policies';

const none = { days: 0, count: 0, daily: 0, weekly: null, monthly: 0, yearly: 0 };

test('a keep rule reads as a person says it', () => {
  expect(keepWords({ ...none, days: 14, monthly: 12 })).toBe('all of 14 days, one a month for 12');
  expect(keepWords({ ...none, days: 1, count: 3 })).toBe('all of 1 day, the newest 3');
  expect(keepWords(none)).toBe('not said');
});

test('what was not measured is said, never shown as 0', () => {
  expect(measureWords(null, 'SECONDS')).toBe('not measured');
  expect(measureWords(0, 'SECONDS')).toBe('0 s');
  expect(measureWords(604_800, 'SECONDS')).toBe('7 d 0 h');
  expect(measureWords(2, 'STORES')).toBe('2 stores');
});

test('a simulation is shown of what it was asked for alone', () => {
  const body = { databases: ['shop'], keep: { count: 1 } };
  const seen = { found: 'shop loses two', of: JSON.stringify(body) };
  expect(stillOf(seen, { databases: ['shop'], keep: { count: 1 } })).toBe('shop loses two');
  expect(stillOf(seen, { databases: ['*'], keep: { count: 1 } })).toBeNull();
  expect(stillOf(null, body)).toBeNull();
});

test('who answers next is named, or that nobody does', () => {
  expect(nextWords([{ instance: 'shop', next: 'silver' }, { instance: 'crm', next: null }])).toBe('shop goes by silver, crm is skipped');
});

test('what is typed goes out as numbers, and comes back as it was', () => {
  expect(numbers({ rpoSeconds: ' 300 ', rtoSeconds: '' })).toEqual({ rpoSeconds: 300, rtoSeconds: null });
  expect(texts(['days', 'count'] as const, { days: 14, count: 0 })).toEqual({ days: '14', count: '' });
  expect(texts(['days'] as const, undefined)).toEqual({ days: '' });
});

test('a number out of its range is told before it is sent', () => {
  expect(['', '1', '365'].map((text) => numberProblem(text, 365))).toEqual([null, null, null]);
  expect(['0', '366', '1.5', 'x', '-1'].map((text) => numberProblem(text, 365) !== null)).toEqual([true, true, true, true, true]);
});
