import type { Selection } from '../api/backups';
import { plural } from './format';

/** What a backup holds, as far as screens tell it apart. */
export function isLogical(kind: string): boolean {
  return kind === 'LOGICAL' || kind === 'SCHEMA' || kind === 'DATA';
}

const OF_NEW_DATABASE = ['newDatabase', 'instance', 'content', 'definitions', 'owners', 'createRoles'];
const OF_TABLES = ['database', 'schemas', 'withoutSchemas', 'tables', 'withoutTables'];
const OF_PHYSICAL = ['folder', 'to', 'point', 'timeline', 'acceptTablespaces', 'acceptLittleRoom', ...OF_TABLES];

/** The parameters of a restore that say nothing for this kind of backup. */
export function notForRestoreOf(kind: string): string[] {
  if (!isLogical(kind)) return [...OF_NEW_DATABASE, ...OF_TABLES];
  return kind === 'DATA' ? OF_PHYSICAL : [...OF_PHYSICAL, 'definitions'];
}

/** And where one database or tables of a physical backup go into a new database. */
export const NOT_FOR_TABLES = ['folder', 'acceptTablespaces', 'acceptLittleRoom', 'definitions'];

/** And those without which it cannot begin. */
export function neededForRestoreOf(kind: string): string[] {
  if (!isLogical(kind)) return ['folder'];
  return kind === 'DATA' ? ['newDatabase', 'definitions'] : ['newDatabase'];
}

interface Subject {
  kind: string;
  instance: string;
  databases: string[];
  selection?: Selection | null;
}

/** What a backup is of, in a list: an instance, one database of it, or some of that. */
export function subjectOf(backup: Subject): string {
  const parts = partsOf(backup.selection);
  return parts === '' ? wholeOf(backup) : `${parts} of ${wholeOf(backup)}`;
}

function partsOf(selection?: Selection | null): string {
  if (!selection) return '';
  if (selection.tables) return plural(selection.tables.length, 'table');
  if (selection.schemas) return plural(selection.schemas.length, 'schema');
  return 'most';
}

/** What was chosen and what was left out, a line each. */
export function chosenIn(selection: Selection): string[] {
  return [
    ...(selection.schemas ?? []).map((each) => `schema ${each}`),
    ...(selection.withoutSchemas ?? []).map((each) => `without schema ${each}`),
    ...(selection.tables ?? []).map((each) => `table ${each}`),
    ...(selection.withoutTables ?? []).map((each) => `without table ${each}`),
  ];
}

function wholeOf(backup: Subject): string {
  const [database] = backup.databases;
  return isLogical(backup.kind) && database !== undefined && database !== backup.instance ? `${database} on ${backup.instance}` : backup.instance;
}
