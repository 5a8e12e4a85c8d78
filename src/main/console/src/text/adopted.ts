import type { AdoptedReport, Backup, ListedAdopted } from '../api/backups';
import type { Time } from '../api/types';

const TOOLS: Record<string, string> = { pgbackrest: 'pgBackRest', barman: 'Barman' };

export function titleOf(tool: string): string {
  return TOOLS[tool] ?? tool;
}

/** A backup in the one list of all: ours, or one that another tool told of, whose contents nobody here has seen. */
export interface Row {
  key: string;
  at: Time;
  ours?: Backup;
  theirs?: ListedAdopted;
}

export function ourRow(backup: Backup): Row {
  return { key: backup.id, at: backup.takenAt, ours: backup };
}

export function theirRow(listed: ListedAdopted): Row {
  return { key: `${listed.instance} ${listed.tool} ${listed.backup.label}`, at: listed.at, theirs: listed };
}

/** What the list of a project would have of an instance's report. */
export function listedOf(instance: string, { tool, name, reportedAt, reportedBy, backups }: AdoptedReport): ListedAdopted[] {
  return backups.map((backup) => ({ instance, tool, name, at: backup.endedAt ?? reportedAt, reportedAt, reportedBy, backup }));
}

/** The newest few of several lists, each in any order. */
export function newestOf<T extends { at: string }>(all: T[], few: number): T[] {
  return [...all].sort((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, few);
}

/**
 * Lists that are read page by page as one, the newest first. What is older than the end of one that goes on waits: rows of that one may come
 * before it. Ours are read in the order in which they were begun, so that one of two at a time may still turn up above. `behind` are the lists that keep others waiting, by their number: with more of these there is more to show.
 */
export function together<T extends { at: string }>(lists: { rows: T[]; goesOn: boolean }[]): { rows: T[]; behind: number[] } {
  const ends = lists.map(({ rows, goesOn }) => (goesOn && rows.length > 0 ? Math.min(...rows.map((each) => Date.parse(each.at))) : -Infinity));
  const end = Math.max(-Infinity, ...ends);
  const all = lists.flatMap(({ rows }) => rows);
  return {
    rows: newestOf(all, all.length).filter((each) => Date.parse(each.at) >= end),
    behind: lists.flatMap(({ goesOn }, at) => (goesOn && ends[at] === end ? [at] : [])),
  };
}
