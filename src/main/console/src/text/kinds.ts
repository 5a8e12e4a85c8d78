/** What a backup holds, as far as screens tell it apart. */
export function isLogical(kind: string): boolean {
  return kind === 'LOGICAL' || kind === 'SCHEMA' || kind === 'DATA';
}

const OF_LOGICAL = ['newDatabase', 'instance', 'content', 'definitions', 'owners', 'createRoles'];
const OF_PHYSICAL = ['folder', 'to', 'point', 'timeline', 'acceptTablespaces'];

/** The parameters of a restore that say nothing for this kind of backup. */
export function notForRestoreOf(kind: string): string[] {
  if (!isLogical(kind)) return OF_LOGICAL;
  return kind === 'DATA' ? OF_PHYSICAL : [...OF_PHYSICAL, 'definitions'];
}

/** And those without which it cannot begin. */
export function neededForRestoreOf(kind: string): string[] {
  if (!isLogical(kind)) return ['folder'];
  return kind === 'DATA' ? ['newDatabase', 'definitions'] : ['newDatabase'];
}

/** What a backup is of, in a list: an instance, or one database of it. */
export function subjectOf(backup: { kind: string; instance: string; databases: string[] }): string {
  const [database] = backup.databases;
  return isLogical(backup.kind) && database !== undefined && database !== backup.instance ? `${database} on ${backup.instance}` : backup.instance;
}
