import { expect, test } from 'vitest';
import type { PlanPart } from '../api/backups';
import { partWords, readWords, timeWords } from './plan';

const part = (name: PlanPart['part'], millis: number | null): PlanPart => ({ part: name, bytes: 2_000_000_000, millis, measured: millis == null ? null : { kind: name === 'REPLAY' ? 'DRILL' : 'RESTORE', run: 'r', at: '', bytes: 1_000_000_000, millis: millis / 2 } });

test('a time is said only of what was measured', () => {
  expect(timeWords({ millis: 93_000, parts: [part('FILES', 90_000), part('REPLAY', 3000)] })).toBe('about 1 min 33 s');
  expect(timeWords({ millis: null, parts: [part('FILES', 90_000), part('LOG', null), part('REPLAY', null)] })).toBe('about 1 min 30 s, without archived log and start and replay: never measured here');
  expect(timeWords({ millis: null, parts: [part('FILES', 90_000), { ...part('REPLAY', 3000), millis: null }] })).toBe('about 1 min 30 s, without start and replay: not measured here for so much');
  expect(timeWords({ millis: null, parts: [part('FILES', null), part('REPLAY', null)] })).toBe('never measured here');
});

test('each part says by what it is known', () => {
  expect(partWords(part('FILES', 90_000))).toBe('files, 2.0 GB: about 1 min 30 s, by a restore of 1.0 GB that took 45.0 s');
  expect(partWords(part('REPLAY', 3000))).toBe('start and replay, 2.0 GB: about 3.0 s, by a drill of 1.0 GB that took 1.5 s');
  expect(partWords({ ...part('REPLAY', 3000), millis: null })).toBe('start and replay, 2.0 GB: measured from this store for 1.0 GB only');
  expect(partWords(part('LOG', null))).toBe('archived log, 2.0 GB: never measured from this store');
});

test('the backups of a chain are added up', () => {
  const backup = (storedBytes: number) => ({ id: 'b', kind: 'FULL', sizeBytes: 9, storedBytes });
  expect(readWords({ backups: [backup(3_000_000)], backupBytes: 3_000_000 })).toBe('3.0 MB');
  expect(readWords({ backups: [backup(3_000_000), backup(1_000_000)], backupBytes: 4_000_000 })).toBe('4.0 MB in 2 backups: 3.0 MB + 1.0 MB');
});
