import { expect, test } from 'vitest';
import type { StoredObject } from '../api/backups';
import { objectKind, objectWords, shortHash } from './objects';

const object = (number: number, storedBytes: number): StoredObject => ({
  number, name: `base.tar/000${number}`, kind: 'ARCHIVE', stream: 'base.tar', storedBytes, contentBytes: 2 * storedBytes, sha256: 'ab'.repeat(32),
});

test('every kind that a manifest knows has words, and one of tomorrow its own', () => {
  expect(['ARCHIVE', 'WAL', 'SETTINGS', 'EVIDENCE', 'DUMP'].map(objectKind)).toEqual(['archive of files', 'log', 'settings', 'evidence of rows', 'dump']);
  expect(objectKind('SERVER_MANIFEST')).toBe('server’s list of files');
  expect(objectKind('PAGE_MAP')).toBe('Page map');
});

test('a hash is cut to what tells two apart', () => {
  expect(shortHash('ab'.repeat(32))).toBe('abababababababab…');
  expect(shortHash('ab')).toBe('ab');
});

test('what is shown is counted with its stored bytes, and said to be a part where others follow', () => {
  const two = [object(1, 1_000_000), object(2, 500_000)];
  expect(objectWords(two, false)).toMatch(/^2 objects, 1\.5 M/);
  expect(objectWords(two, true)).toMatch(/^the first 2 objects, 1\.5 M/);
  expect(objectWords([object(1, 0)], false)).toMatch(/^1 object, 0/);
});
