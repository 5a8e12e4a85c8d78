import { expect, test } from 'vitest';
import type { AdoptedBackup, Backup } from '../api/backups';
import { listedOf, newestOf, ourRow, theirRow, titleOf, together } from './adopted';

const at = (day: number) => ({ at: `2026-11-${String(day).padStart(2, '0')}T08:00:00Z` });
const days = (rows: { at: string }[]) => rows.map((each) => Number(each.at.slice(8, 10)));

test('the newest of several lists come first, however their times are written', () => {
  const ours = [{ at: '2026-11-29T08:00:00Z' }, { at: '2026-11-28T08:00:00Z' }];
  const theirs = [{ at: '2026-11-29T08:00:00.500Z' }, { at: '2026-11-27T08:00:00Z' }];
  expect(newestOf([...ours, ...theirs], 3)).toEqual([theirs[0], ours[0], ours[1]]);
  expect(newestOf([], 3)).toEqual([]);
});

test('what is older than the end of a list that goes on waits for the rest of that list', () => {
  const ours = { rows: [at(29), at(20), at(11)], goesOn: true };
  const theirs = { rows: [at(28), at(27), at(26)], goesOn: true };
  expect(days(together([ours, theirs]).rows)).toEqual([29, 28, 27, 26]);
  expect(together([ours, theirs]).behind).toEqual([1]);

  const more = { rows: [...theirs.rows, at(15), at(5)], goesOn: false };
  expect(days(together([ours, more]).rows)).toEqual([29, 28, 27, 26, 20, 15, 11]);
  expect(together([ours, more]).behind).toEqual([0]);

  const all = together([{ ...ours, goesOn: false }, more]);
  expect(days(all.rows)).toEqual([29, 28, 27, 26, 20, 15, 11, 5]);
  expect(all.behind).toEqual([]);
});

test('a list that is not read, or has nothing, keeps none of the others waiting', () => {
  const ours = { rows: [at(29), at(20)], goesOn: true };
  expect(together([ours, { rows: [], goesOn: false }])).toEqual({ rows: ours.rows, behind: [0] });
  expect(together([])).toEqual({ rows: [], behind: [] });
  // Two that end at the same moment both hold back what is before it
  expect(together([ours, { rows: [at(20)], goesOn: true }]).behind).toEqual([0, 1]);
});

test('what a report tells is listed as the project’s list has it', () => {
  const told: AdoptedBackup = { label: '20261129F', kind: 'FULL', parent: null, failed: false, startedAt: null, endedAt: null, sizeBytes: null, storedBytes: null };
  const ended = { ...told, label: '20261128F', endedAt: at(28).at };
  const listed = listedOf('shop', { tool: 'pgbackrest', name: 'main', reportedAt: at(29).at, reportedBy: 'host', backups: [told, ended] });
  expect(listed.map((each) => each.at)).toEqual([at(29).at, at(28).at]);
  expect(listed[1]).toEqual({ instance: 'shop', tool: 'pgbackrest', name: 'main', at: at(28).at, reportedAt: at(29).at, reportedBy: 'host', backup: ended });
  const keys = [...listed.map(theirRow), theirRow({ ...listed[0]!, instance: 'crm' }), ourRow({ id: '7', takenAt: at(27).at } as Backup)].map((each) => each.key);
  expect(new Set(keys).size).toBe(4);
});

test('tools are named as their makers write them', () => {
  expect(['pgbackrest', 'barman', 'other'].map(titleOf)).toEqual(['pgBackRest', 'Barman', 'other']);
});
