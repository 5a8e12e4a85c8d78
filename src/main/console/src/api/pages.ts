import type { Page } from './types';

/** The most rows that a server gives at once. */
const LONGEST_PAGE = 500;

/** A list that is shown whole ends here: more rows than this no page can use, and the page then says so. */
export const MOST_ROWS = 5000;

/** Reads a list by key until it ends or the rows are enough; next tells whether others follow. */
export async function readPages<T>(read: (limit: number, after: string | null) => Promise<Page<T>>, most: number): Promise<Page<T>> {
  const items: T[] = [];
  let next: string | null = null;
  do {
    const page: Page<T> = await read(Math.min(LONGEST_PAGE, most - items.length), next);
    items.push(...page.items);
    next = page.next;
  } while (next && items.length < most);
  return { items, next };
}

/** What is said below a list that may have been cut. */
export function cutWords(rows: number): string | null {
  return rows < MOST_ROWS ? null : `The first ${MOST_ROWS.toLocaleString('en')} are shown; there may be more.`;
}
