import { expect, test } from 'vitest';
import { MOST_ROWS, cutWords, readPages } from './pages';
import type { Page } from './types';

/** A server that holds so many rows, read by key. */
function server(rows: number) {
  const asked: number[] = [];
  const read = async (limit: number, after: string | null): Promise<Page<number>> => {
    asked.push(limit);
    const from = after === null ? 0 : Number(after);
    const items = Array.from({ length: Math.min(limit, rows - from) }, (_, index) => from + index);
    return { items, next: from + limit < rows ? String(from + limit) : null };
  };
  return { asked, read };
}

test('a list is read to its end, not to the end of its first page', async () => {
  const { items, next } = await readPages(server(1203).read, MOST_ROWS);
  expect([items.length, items[500], items.at(-1), next]).toEqual([1203, 500, 1202, null]);
});

test('no more rows are asked for than are wanted, and what follows is told', async () => {
  const { asked, read } = server(10_000);
  const { items, next } = await readPages(read, 1100);
  expect([items.length, next, asked]).toEqual([1100, '1100', [500, 500, 100]]);
});

test('a list that may have been cut says so', () => {
  expect([cutWords(MOST_ROWS - 1), cutWords(MOST_ROWS)]).toEqual([null, 'The first 5,000 are shown; there may be more.']);
});
