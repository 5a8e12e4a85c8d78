import { expect, test } from 'vitest';
import { csv } from './csv';
import type { Told } from './csv';

interface Row {
  name: string;
  size: number | null;
}

const COLUMNS: Told<Row>[] = [
  { title: 'Name', text: (row) => row.name }, { title: 'Size', unit: 'bytes', text: (row) => row.size }, { title: 'Actions' },
];

test('a figure has its unit in the heading, and what is unknown is left empty', () => {
  expect(csv(COLUMNS, [{ name: 'shop', size: 3_300_000_000 }, { name: 'crm', size: null }])).toBe('Name,"Size, bytes"\r\nshop,3300000000\r\ncrm,');
});

test('nothing breaks a line or becomes a formula', () => {
  expect(csv(COLUMNS, [{ name: '=1+1', size: -3 }, { name: 'a "b",\nc', size: 0 }])).toBe('Name,"Size, bytes"\r\n\'=1+1,-3\r\n"a ""b"",\nc",0');
});
