import { describe, expect, test } from 'vitest';
import type { Backup, RecoveryPoint, RecoveryWindow, Wal } from '../api/backups';
import { asked, causeOf, drawn, endWords, firstSpan, lacksWords, lengthOf, lies, lineWords, marksOf, midnights, moved, partsOf, position, shown, snapped, spansOf, stepOf, timelinesOf } from './recovery';

const at = (time: string) => Date.parse(`2026-11-${time}Z`);
const point = (lsn: string, time: string | null): RecoveryPoint => ({ lsn, at: time && `2026-11-${time}Z` });
const window = (gaps: RecoveryWindow['gaps'] = [], to = point('0/9000000', '28T11:00:00')): RecoveryWindow => ({ timeline: 1, from: point('0/2000000', '20T10:00:00'), to, gaps });
const gap = { from: point('0/4000000', '22T10:00:00'), to: point('0/6000000', '23T12:00:00') };
const NOW = at('28T12:00:00');
const stretch = (from: string, to: string, covered: string | null, more = {}) => ({ timeline: 1, from, to, begunAt: '', coveredTo: covered && `2026-11-${covered}Z`, gap: null, ...more });

test('positions compare as numbers', () => {
  expect(position('1/0')).toBe(2n ** 32n);
  expect(position('A/1F000000') < position('A/21000060')).toBe(true);
  expect(position('9/FFFFFFFF') < position('10/0')).toBe(true);
});

describe('the line', () => {
  test('is stored from the first backup on, and open behind the last transaction', () => {
    expect(partsOf(window(), NOW)).toEqual([
      { kind: 'stored', from: at('20T10:00:00'), to: at('28T11:00:00'), begin: '2026-11-20T10:00:00Z' }, { kind: 'late', from: at('28T11:00:00'), to: NOW }]);
  });
  test('reaches as far as the server said that all is stored', () => {
    const covered = (coveredTo: number, time: string | null = '28T11:00:00') => window([], { ...point('0/9000000', time), coveredTo: new Date(coveredTo).toISOString() });
    expect(partsOf(covered(at('28T11:59:00')), NOW).map((each) => each.to)).toEqual([at('28T11:59:00'), NOW]);
    expect(partsOf(covered(at('28T11:59:00'), null), NOW)[0]).toMatchObject({ kind: 'stored', to: at('28T11:59:00') });
    expect(partsOf(covered(at('28T10:00:00')), NOW)[0]!.to).toBe(at('28T11:00:00'));
    expect(partsOf(covered(NOW + 5000), NOW)).toEqual([{ kind: 'stored', from: at('20T10:00:00'), to: NOW, begin: '2026-11-20T10:00:00Z' }]);
  });
  test('ends where an older copy does while the store of the archive is away', () => {
    const older = { ...window([], { ...point('0/7000000', '28T05:00:00'), coveredTo: '2026-11-28T05:10:00Z' }), archived: true, lacks: 'The store nas holds a copy of the log up to 0/7000000, the store local the log itself up to 0/9000000.' };
    expect(partsOf(older, NOW).map(({ kind, to }) => [kind, to])).toEqual([['stored', at('28T05:10:00')], ['late', NOW]]);
    expect(lies(partsOf(older, NOW), at('28T11:00:00'))).toMatchObject({ kind: 'late', earlier: at('28T05:10:00') });
    expect(lacksWords(older.lacks, 'line')).toMatch(/^Not all log .* on the line.*\. The store nas holds a copy/);
    expect(lacksWords(older.lacks, 'latest')).toMatch(/^The latest is the end of the log that can be read now.* The store nas/);
    expect(lacksWords(older.lacks, 'point')).toMatch(/^Not all log .* can be read now\. The store nas/);
  });
  test('has a hole where nothing is stored, from as far as all was', () => {
    const covered = { ...gap, from: { ...gap.from, coveredTo: '2026-11-22T11:00:00Z' } };
    expect(partsOf(window([covered]), NOW)[1]).toEqual({ kind: 'gap', from: at('22T11:00:00'), to: at('23T12:00:00') });
    expect(partsOf(window([gap]), NOW).map(({ kind, from }) => [kind, from])).toEqual([
      ['stored', at('20T10:00:00')], ['gap', at('22T10:00:00')], ['stored', at('23T12:00:00')], ['late', at('28T11:00:00')]]);
  });
  test('does not claim an end that nobody measured', () => {
    const parts = partsOf(window([{ ...gap, from: point('0/4000000', null) }], point('0/9000000', null)), NOW);
    expect(parts.map(({ kind, to }) => [kind, to])).toEqual([['unknown', at('23T12:00:00')], ['unknown', NOW]]);
  });
  test('a clock that is behind makes no stretch of negative length', () => {
    expect(partsOf(window([], point('0/9000000', '19T00:00:00')), NOW)[0]).toMatchObject({ kind: 'stored', from: at('20T10:00:00'), to: at('20T10:00:00') });
  });
  test('without an archive is where the backups ended, and nothing else', () => {
    const parts = partsOf({ ...window([{ ...gap, from: point('0/4000000', null) }], point('0/9000000', null)), archived: false }, NOW);
    expect(parts.map(({ kind, from, to }) => [kind, to - from])).toEqual([['stored', 0], ['gap', at('23T12:00:00') - at('20T10:00:00')], ['stored', 0], ['late', NOW - at('23T12:00:00')]]);
  });
  test('of nothing is nothing', () => expect(partsOf({ timeline: null, from: null, to: null, gaps: [] }, NOW)).toEqual([]));
});

describe('a moment', () => {
  const parts = partsOf(window([gap]), NOW);
  test('lies in a part, and a gap has two sides', () => {
    expect(lies(parts, at('21T00:00:00')).kind).toBe('stored');
    expect(lies(parts, at('22T12:00:00'))).toEqual({ kind: 'gap', earlier: at('22T10:00:00'), later: at('23T12:00:00') });
    expect(lies(parts, at('19T00:00:00')).kind).toBe('before');
    expect(lies(parts, at('28T11:30:00'))).toMatchObject({ kind: 'late', earlier: at('28T11:00:00') });
    expect(lies(parts, at('22T10:00:00')).kind).toBe('stored');
  });
  test('is moved over a gap, and never behind the end', () => {
    const line = (from: string, by: number) => moved(parts, at(from), by, at('20T10:00:00'), NOW);
    expect(line('22T09:59:00', 120_000)).toBe(at('23T12:00:00'));
    expect(line('23T12:00:00', -60_000)).toBe(at('22T10:00:00'));
    expect(line('28T10:00:00', Infinity)).toBe(at('28T11:00:00'));
    expect(line('28T10:00:00', -Infinity)).toBe(at('20T10:00:00'));
    expect(moved(parts, at('24T00:00:00'), -Infinity, at('23T00:00:00'), NOW)).toBe(at('23T12:00:00'));
    expect(moved(parts, at('21T00:00:00'), -Infinity, at('19T00:00:00'), NOW)).toBe(at('20T10:00:00'));
  });
  test('is meant by a click that is near enough', () => {
    expect(snapped(parts, at('22T10:00:30'), 60_000)).toBe(at('22T10:00:00'));
    expect(snapped(parts, at('23T11:59:50'), 60_000)).toBe(at('23T12:00:00'));
    expect(snapped(parts, at('22T12:00:00'), 60_000)).toBe(at('22T12:00:00'));
    expect(snapped(parts, at('21T12:00:00'), 60_000)).toBe(at('21T12:00:00'));
  });
  test('is asked for as a whole second that is stored, or as the backup that the part begins with', () => {
    const begin = '2026-11-20T10:00:00.400123Z';
    const odd = [{ kind: 'stored' as const, from: at('20T10:00:00.400'), to: at('20T11:00:00.900'), begin }];
    expect(asked(odd, at('20T10:00:00.400'))).toBe('2026-11-20T10:00:01.000Z');
    expect(asked(odd, at('20T10:30:00.700'))).toBe('2026-11-20T10:30:00.000Z');
    // A millisecond of a time in microseconds lies before the backup
    expect(asked([{ ...odd[0]!, to: at('20T10:00:00.600') }], at('20T10:00:00.500'))).toBe(begin);
    expect(asked([{ ...odd[0]!, kind: 'unknown' }], at('20T10:00:00.400'))).toBe('2026-11-20T10:00:01.000Z');
    expect(asked([{ kind: 'stored', from: at('20T10:00:00'), to: at('20T10:00:00'), begin: '2026-11-20T10:00:00.000123Z' }], at('20T10:00:00'))).toBe('2026-11-20T10:00:00.000123Z');
  });
});

describe('what is shown', () => {
  const parts = partsOf(window([gap]), NOW);
  test('offers spans that differ, and begins where something is stored', () => {
    expect(spansOf(parts, NOW)).toEqual(['day', 'week', 'all']);
    expect(firstSpan(parts, NOW)).toBe('day');
    expect(spansOf(parts, at('20T11:00:00'))).toEqual(['all']);
    expect(firstSpan(partsOf(window([], point('0/9000000', '22T00:00:00')), NOW), NOW)).toBe('week');
    expect(shown(parts, 'day', NOW)).toEqual({ from: at('27T12:00:00'), to: NOW });
    expect(shown(parts, 'all', NOW).from).toBe(at('20T10:00:00'));
    expect(shown([], 'all', NOW).from).toBe(NOW - 60_000);
  });
  test('parts are cut at its ends and never too narrow to see', () => {
    const [first, ...rest] = drawn(parts, at('27T12:00:00'), NOW, 0.01);
    expect(first).toMatchObject({ kind: 'stored', left: 0, width: 23 / 24 });
    expect(rest.map(({ kind }) => kind)).toEqual(['late']);
    expect(drawn([{ kind: 'gap', from: NOW, to: NOW }], at('20T10:00:00'), NOW, 0.01)[0]).toMatchObject({ left: 0.99, width: 0.01 });
  });
  test('backups near each other share a mark, and dumps have none', () => {
    const backup = (endedAt: string, kind = 'FULL') => ({ endedAt: `2026-11-${endedAt}Z`, kind }) as Backup;
    const marks = marksOf([backup('28T06:00:00'), backup('27T13:00:00'), backup('27T12:30:00'), backup('28T07:00:00', 'LOGICAL'), backup('26T00:00:00')], at('27T12:00:00'), NOW, 0.05);
    expect(marks.map((each) => each.backups.length)).toEqual([2, 1]);
    expect(marks[1]!.left).toBe(0.75);
  });
  test('an arrow key goes a few hundred steps from end to end', () => {
    expect(stepOf(0, 86_400_000)).toBe(300_000);
    expect(stepOf(0, 60_000)).toBe(1000);
    expect(stepOf(0, 900 * 86_400_000)).toBe(86_400_000);
  });
  test('midnights are marked by the day, the week, or more', () => {
    expect(midnights(at('20T10:00:00'), NOW, 10, true).map((each) => new Date(each.at).toISOString().slice(5, 13))).toEqual(['11-21T00', '11-22T00', '11-23T00', '11-24T00', '11-25T00', '11-26T00', '11-27T00', '11-28T00']);
    expect(midnights(at('20T10:00:00'), NOW, 4, true)).toHaveLength(3);
    expect(midnights(at('20T10:00:00') - 4000 * 86_400_000, NOW, 8, true).length).toBeLessThanOrEqual(8);
  });
});

test('a gap says how long it is and why, if that is known', () => {
  const stretches = [stretch('0/8000000', '0/9000000', null), stretch('0/5000000', '0/8000000', null, { gap: 'the slot was dropped' })];
  expect(causeOf(gap, stretches)).toBe('the slot was dropped');
  expect(causeOf({ ...gap, to: point('0/4100000', null) }, stretches)).toBeNull();
  expect(lengthOf(gap)).toBe('26 h 00 min');
  expect(lengthOf({ ...gap, from: point('0/4000000', null) })).toBeNull();
});

test('the newest end is said where it is wrong, and only there', () => {
  const wal = { enabled: true, state: 'STREAMING', rpoSeconds: 40, rpoGoalSeconds: 900, stretches: [stretch('0/1', '0/2', null)] } as unknown as Wal;
  expect(endWords(wal, 'shop', true)).toBeNull();
  expect(endWords({ ...wal, rpoSeconds: 4440 }, 'shop', true)).toMatchObject({ tone: 'bad', text: expect.stringContaining('1 h 14 min ago') });
  expect(endWords({ ...wal, rpoSeconds: null }, 'shop', true)?.text).toContain('not measured');
  expect(endWords({ ...wal, rpoSeconds: null, state: 'STARTING' }, 'shop', false)?.text).toContain('begins');
  expect(endWords({ ...wal, state: 'GIVEN_UP' }, 'shop', true)?.text).toContain('what was stored stays');
  expect(endWords({ ...wal, state: 'GIVING_UP', message: 'The disk fills.' }, 'shop', true)?.text).toContain('is being given up: The disk fills. Nothing');
  expect(endWords({ ...wal, rpoSeconds: null, state: 'FAILING', message: 'The password is wrong.' }, 'shop', true)).toMatchObject({ tone: 'bad', text: expect.stringContaining('cannot be archived: The password is wrong. How far it is stored is not known.') });
});

test('what no store that answers holds is not stored, whatever the catalogue says', () => {
  const wal = { enabled: true, state: 'STREAMING', rpoSeconds: 40, rpoGoalSeconds: 900, stretches: [stretch('0/1', '0/2', '28T11:59:00')] } as unknown as Wal;
  expect(endWords(wal, 'shop', false)).toMatchObject({ tone: 'bad', text: expect.stringContaining('none of it is found in the stores that answer') });
  expect(endWords({ ...wal, state: 'FAILING' }, 'shop', false)?.text).toContain('How far it is stored is not known.');
});

test('a catalogue that was rebuilt knows no service, and the archive is still there', () => {
  const off = { enabled: false, state: 'OFF', rpoSeconds: null, rpoGoalSeconds: 900, stretches: [] } as unknown as Wal;
  expect(endWords(off, 'shop', true)).toMatchObject({ tone: 'warn', text: expect.stringContaining('is on the line') });
  expect(endWords(off, 'shop', false)?.text).toContain('No archived log of shop is found');
  expect(endWords(off, 'shop', null)?.text).toContain('not known');
  expect([true, false, null].map((each) => lineWords(window(), each))).toEqual(['Any moment in between.', 'What was logged while the backup was taken.', 'Whether the log in between is archived is not known.']);
});

test('timelines are those of which something is stored', () => {
  expect(timelinesOf([{ kind: 'FULL', timeline: 1 }, { kind: 'LOGICAL', timeline: 7 }] as Backup[], [stretch('0/1', '0/2', null, { timeline: 3 })], 3)).toEqual([3, 1]);
});
