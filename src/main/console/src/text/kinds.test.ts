import { expect, test } from 'vitest';
import { isLogical, neededForRestoreOf, notForRestoreOf, subjectOf } from './kinds';

test('only what pg_dump writes is logical', () => {
  expect(['FULL', 'INCREMENTAL', 'DIFFERENTIAL'].some(isLogical)).toBe(false);
  expect(['LOGICAL', 'SCHEMA', 'DATA'].every(isLogical)).toBe(true);
});

test('a restore asks for nothing that the backup knows nothing of', () => {
  expect(notForRestoreOf('FULL')).toContain('newDatabase');
  expect(notForRestoreOf('FULL')).not.toContain('folder');
  expect(notForRestoreOf('LOGICAL')).toContain('folder');
  expect(notForRestoreOf('LOGICAL')).toContain('definitions');
  expect(notForRestoreOf('DATA')).not.toContain('definitions');
  for (const kind of ['FULL', 'LOGICAL', 'DATA']) expect(neededForRestoreOf(kind).some((each) => notForRestoreOf(kind).includes(each))).toBe(false);
});

test('a logical backup is named by its database', () => {
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['orders'] })).toBe('orders on shop');
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['shop'] })).toBe('shop');
  expect(subjectOf({ kind: 'FULL', instance: 'shop', databases: ['orders'] })).toBe('shop');
});
