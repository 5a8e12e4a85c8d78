import type { ComponentChildren } from 'preact';
import { query, setQuery } from '../router';
import { csv } from '../text/csv';
import type { Told } from '../text/csv';
import { UNKNOWN } from '../text/format';
import { Button } from './bits';

export interface Column<T> extends Told<T> {
  key: string;
  cell: (row: T) => ComponentChildren;
  numeric?: boolean;
  /** Sorting happens in the browser, so only complete lists have it. */
  sort?: (row: T) => string | number | null;
  /** On a phone: the card's heading, beside the card's heading, a line of its own, or left out. */
  phone?: 'top' | 'wide' | 'hide';
}

interface TableProps<T> {
  caption: string;
  rows: T[];
  columns: Column<T>[];
  keyOf: (row: T) => string;
  /** The first column leads there, if the row has a place of its own; Enter on a row opens it. */
  href?: (row: T) => string | undefined;
  selected?: { keys: Set<string>; toggle: (key: string) => void; all: () => void };
  more?: () => void;
  /** What else there is, on the button; lists go from the newest row to the oldest, if nothing is said. */
  moreWord?: string;
  loadingMore?: boolean;
  tone?: (row: T) => 'bad' | 'warn' | undefined;
}

/** Sorts by the address (?sort=name or ?sort=-name), turns into cards on a phone, exports what it shows. */
export function Table<T>({ caption, rows, columns, keyOf, href, selected, more, moreWord = 'Show older', loadingMore, tone }: TableProps<T>) {
  const sortBy = query.value.get('sort') ?? '';
  const down = sortBy.startsWith('-');
  const sorter = columns.find((column) => column.sort && column.key === sortBy.replace(/^-/, ''));
  const shown = sorter ? [...rows].sort((a, b) => compare(sorter.sort!(a), sorter.sort!(b)) * (down ? -1 : 1)) : rows;
  return (
    <div class="table-frame">
      <table class="table">
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            {selected && <th class="pick"><input type="checkbox" aria-label={`Select all ${caption.toLowerCase()}`} checked={rows.length > 0 && selected.keys.size === rows.length} onChange={selected.all} /></th>}
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.numeric ? 'numeric' : ''} aria-sort={sorter === column ? (down ? 'descending' : 'ascending') : undefined}>
                {column.sort
                  ? <button type="button" onClick={() => setQuery({ sort: sorter === column && !down ? `-${column.key}` : column.key })}>{column.title}<i aria-hidden="true">{sorter === column ? (down ? '↓' : '↑') : ''}</i></button>
                  : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)} class={tone?.(row) ?? ''}>
              {selected && <td class="pick"><input type="checkbox" aria-label={`Select ${keyOf(row)}`} checked={selected.keys.has(keyOf(row))} onChange={() => selected.toggle(keyOf(row))} /></td>}
              {columns.map((column, index) => {
                const cell = column.cell(row);
                return (
                  <td key={column.key} class={`${column.numeric ? 'numeric' : ''} ${index === 0 ? 'first' : ''} ${column.phone ?? ''} ${cell === UNKNOWN ? 'muted' : ''}`} data-label={index === 0 ? undefined : column.title}>
                    {index === 0 && href?.(row) ? <a class="row-link" data-row href={href(row)}>{cell}</a> : cell}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {more && <div class="table-more"><Button onClick={more} busy={loadingMore ? 'Loading…' : false}>{moreWord}</Button></div>}
    </div>
  );
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
}

export function Export<T>({ name, rows, columns }: { name: string; rows: T[]; columns: Column<T>[] }) {
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([csv(columns, rows)], { type: 'text/csv' }));
    link.download = `${name}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return <Button kind="quiet" icon="download" onClick={save} disabled={rows.length === 0}>CSV</Button>;
}
