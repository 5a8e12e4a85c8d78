import { expect, test } from 'vitest';
import { NOT_FOR_TABLES, chosenIn, isLogical, neededForRestoreOf, notForRestoreOf, subjectOf } from './kinds';

test('only what pg_dump writes is logical', () => {
  expect(['FULL', 'INCREMENTAL', 'DIFFERENTIAL'].some(isLogical)).toBe(false);
  expect(['LOGICAL', 'SCHEMA', 'DATA'].every(isLogical)).toBe(true);
});

test('a restore asks for nothing that the backup knows nothing of', () => {
  expect(notForRestoreOf('FULL')).toContain('newDatabase');
  expect(notForRestoreOf('FULL')).not.toContain('folder');
  expect(notForRestoreOf('FULL')).toContain('tables');
  expect(notForRestoreOf('LOGICAL')).toContain('tables');
  expect(NOT_FOR_TABLES).not.toContain('tables');
  expect(NOT_FOR_TABLES).not.toContain('point');
  expect(notForRestoreOf('LOGICAL')).toContain('folder');
  expect(notForRestoreOf('LOGICAL')).toContain('definitions');
  expect(notForRestoreOf('DATA')).not.toContain('definitions');
  for (const kind of ['FULL', 'LOGICAL', 'DATA']) expect(neededForRestoreOf(kind).some((each) => notForRestoreOf(kind).includes(each))).toBe(false);
});

test('what was chosen is told a line each', () => {
  expect(chosenIn({ schemas: ['"a"'], withoutTables: ['"a"."b"'] })).toEqual(['schema "a"', 'without table "a"."b"']);
});

test('a logical backup is named by its database', () => {
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['orders'] })).toBe('orders on shop');
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['shop'] })).toBe('shop');
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['orders'], selection: null })).toBe('orders on shop');
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['orders'], selection: { tables: ['"a"."b"'] } })).toBe('1 table of orders on shop');
  expect(subjectOf({ kind: 'DATA', instance: 'shop', databases: ['shop'], selection: { schemas: ['"a"', '"b"'] } })).toBe('2 schemas of shop');
  expect(subjectOf({ kind: 'LOGICAL', instance: 'shop', databases: ['shop'], selection: { withoutTables: ['"a"."b"'] } })).toBe('most of shop');
  expect(subjectOf({ kind: 'FULL', instance: 'shop', databases: ['orders'] })).toBe('shop');
});
