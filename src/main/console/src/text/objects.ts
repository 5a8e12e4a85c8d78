import type { StoredObject } from '../api/backups';
import { bytes, count, plural, words } from './format';

const KINDS: Record<string, string> = {
  ARCHIVE: 'archive of files',
  SERVER_MANIFEST: 'server’s list of files',
  WAL: 'log',
  SETTINGS: 'settings',
  EVIDENCE: 'evidence of rows',
  DUMP: 'dump',
};

/** What an object holds; a kind that this console does not know yet by its own word. */
export function objectKind(kind: string): string {
  return KINDS[kind] ?? words(kind.toLowerCase());
}

/** The beginning of a hash is enough to tell two apart at a glance; all of it is copied. */
export function shortHash(sha256: string): string {
  return sha256.length > 16 ? `${sha256.slice(0, 16)}…` : sha256;
}

/** 50 objects, 1.2 GB; the first 50 objects where others follow. */
export function objectWords(shown: StoredObject[], more: boolean): string {
  const stored = bytes(shown.reduce((sum, each) => sum + each.storedBytes, 0));
  return more ? `the first ${count(shown.length)} objects, ${stored}` : `${plural(shown.length, 'object')}, ${stored}`;
}
