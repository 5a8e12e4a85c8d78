import { expect, test } from 'vitest';
import { asked, filterOf, inWords } from './run-filter';

const titles = { job: (name: string) => name, status: (name: string) => name.toLowerCase(), trigger: (name: string) => name.toLowerCase() };

test('the filter is what the address says and nothing else', () => {
  expect(filterOf(new URLSearchParams('job=backup&status=&tab=x&schedule=nightly'))).toEqual({ job: 'backup', schedule: 'nightly' });
});

test('days become the times at which they begin and end', () => {
  const { from, to } = asked({ from: '2026-03-01', to: '2026-03-01' });
  expect(Date.parse(to!) - Date.parse(from!)).toBe(86_400_000);
  expect(new Date(from!).getHours()).toBe(0);
});

test('what is neither a range nor a day is not asked for', () => {
  expect(asked({ from: 'yesterday', to: '2026-99-99x' })).toEqual({ from: null, to: null });
  expect(asked({ from: '24h' }).from).toMatch(/:00:00.000Z$/);
});

test('the filter is said in words', () => {
  expect(inWords({ job: 'backup', status: 'FAILED', from: '24h', to: '2026-03-02' }, titles)).toEqual(['job backup', 'state failed', 'last 24 hours', 'to 2026-03-02']);
});
