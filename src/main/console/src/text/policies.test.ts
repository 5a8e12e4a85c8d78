import { expect, test } from 'vitest';
import { keepWords, measureWords, nameOf, nextWords, numberProblem, numbers, readsWords, stillOf, texts, typedOf, typedProblem, wantedWords, workOf } from './policies';

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
  expect(measureWords(1, 'STORES')).toBe('1 store');
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

test('of stores the fewest are wanted, of time the most', () => {
  expect(wantedWords(2, 'STORES')).toBe('2 stores or more');
  expect(wantedWords(300, 'SECONDS')).toBe('5 min 00 s');
});

const full = { name: '', work: 'FULL', cron: '0 2 * * *', zone: 'Europe/Vienna', except: '', from: '', kit: '', passphraseFile: '', rate: '' };

test('what is done is named by what it does unless it has a name', () => {
  expect(nameOf({ ...full, work: 'DRILL_RANDOM_POINT' })).toBe('drill-random-point');
  expect(workOf({ ...full, name: ' weekly ', except: '12-24, 2027-04-05' })).toEqual({ name: 'weekly', work: 'FULL', cron: '0 2 * * *', zone: 'Europe/Vienna', except: ['12-24', '2027-04-05'], from: null, kit: null, passphraseFile: null, rateLimitKilobytesPerSecond: null });
  expect(workOf(typedOf(workOf(full)))).toEqual(workOf(full));
});

test('a schedule of a policy that could not be is told by its field', () => {
  expect(typedProblem(full, [full])).toBeNull();
  expect(Object.keys(typedProblem({ ...full, cron: '0 2 * *' }, [full]) ?? {})).toEqual(['cron']);
  expect(Object.keys(typedProblem({ ...full, zone: 'Vienna' }, [full]) ?? {})).toEqual(['zone']);
  expect(Object.keys(typedProblem({ ...full, except: 'Christmas' }, [full]) ?? {})).toEqual(['except']);
  expect(Object.keys(typedProblem(full, [full, { ...full, name: 'full' }]) ?? {})).toEqual(['name']);
});

const drill = { ...full, work: 'DRILL_NEWEST', from: 'each-store', kit: ' /safe/kit.json ', passphraseFile: '/safe/passphrase' };

test('what a drill reads goes out with a drill alone, and comes back as it was', () => {
  const work = workOf(drill);
  expect([work.from, work.kit, work.passphraseFile]).toEqual(['each-store', '/safe/kit.json', '/safe/passphrase']);
  expect(workOf(typedOf(work))).toEqual(work);
  expect(workOf({ ...drill, work: 'FULL' })).toEqual(workOf(full));
  expect(workOf({ ...drill, from: '', kit: ' ', passphraseFile: '' })).toMatchObject({ from: null, kit: null, passphraseFile: null });
});

test('a kit and its passphrase file go together, as absolute paths', () => {
  const fields = (typed: typeof full) => Object.keys(typedProblem(typed, [typed]) ?? {});
  expect(fields(drill)).toEqual([]);
  expect(fields({ ...drill, kit: '' })).toEqual(['kit']);
  expect(fields({ ...drill, passphraseFile: '' })).toEqual(['passphraseFile']);
  expect(fields({ ...drill, passphraseFile: 'five words nobody would guess' })).toEqual(['passphraseFile']);
  expect(fields({ ...drill, work: 'EXPIRE', kit: '' })).toEqual([]);
});

test('a backup’s rate is a whole number within what a server takes, and a backup’s alone', () => {
  const fields = (rate: string, work = 'FULL') => Object.keys(typedProblem({ ...full, work, rate }, [full]) ?? {});
  expect(['', '32', ' 1048576 '].map((rate) => fields(rate))).toEqual([[], [], []]);
  expect(['31', '1048577', '99.5', 'fast', '-64', '1e3', '0x40'].map((rate) => fields(rate))).toEqual(Array(7).fill(['rate']));
  expect(fields('fast', 'EXPIRE')).toEqual([]);
  expect(workOf({ ...full, rate: '2048' }).rateLimitKilobytesPerSecond).toBe(2048);
  expect(workOf(typedOf(workOf({ ...full, rate: '2048' })))).toEqual(workOf({ ...full, rate: '2048' }));
  expect(readsWords(workOf({ ...full, rate: '2048' }))).toBe('at most 2,048 KB/s');
  expect(workOf({ ...drill, rate: '2048' }).rateLimitKilobytesPerSecond).toBeNull();
});

test('what a drill reads is told in words', () => {
  expect(readsWords(workOf(drill))).toBe('from each store, by a recovery kit');
  expect(readsWords(workOf({ ...drill, from: 'offsite', kit: '', passphraseFile: '' }))).toBe('from offsite');
  expect(readsWords(workOf(full))).toBe('');
});
