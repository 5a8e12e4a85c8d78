/** What a table's columns say of a row, as comma-separated values (RFC 4180). */
export interface Told<T> {
  title: string;
  /** Of the plain value, where it is a figure: it stands in the heading. */
  unit?: string;
  /** The plain value; a column without one is left out. */
  text?: (row: T) => string | number | null;
}

export function csv<T>(columns: Told<T>[], rows: T[]): string {
  const told = columns.filter((column) => column.text);
  const heading = told.map(({ title, unit }) => (unit ? `${title}, ${unit}` : title));
  return [heading, ...rows.map((row) => told.map((column) => column.text!(row)))].map((line) => line.map(escape).join(',')).join('\r\n');
}

/** Quotes what needs it; a leading = + - @ would be run as a formula by spreadsheets. */
function escape(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
