import type { PolicyGoals, PolicyKeep, PolicyWork } from '../api/policies';
import { cronProblem } from './cron';
import { UNKNOWN, clock, plural } from './format';
import { nameProblem } from './names';
import { zoneProblem } from './zone';

const PARTS: [keyof PolicyKeep, (value: number) => string][] = [
  ['days', (value) => `all of ${plural(value, 'day')}`],
  ['count', (value) => `the newest ${value}`],
  ['daily', (value) => `one a day for ${value}`],
  ['weekly', (value) => `one a week for ${value}`],
  ['monthly', (value) => `one a month for ${value}`],
  ['yearly', (value) => `one a year for ${value}`],
];

/** all of 14 days, one a month for 12 */
export function keepWords(keep: PolicyKeep): string {
  return PARTS.flatMap(([part, words]) => (keep[part] ? [words(keep[part]!)] : [])).join(', ') || 'not said';
}

export const GOAL_WORDS: Record<string, string> = {
  RPO: 'Data loss', RTO: 'Time to restore', PROOF: 'Age of the proof', BACKUP: 'Age of the backup', STORES: 'Stores that hold it', KEY: 'Age of the key', KIT: 'Time without a kit',
};

/** A goal's figure in its unit, as people say it. */
export function measureWords(value: number | null, unit: string): string {
  if (value == null) return UNKNOWN;
  return unit === 'SECONDS' ? clock(value * 1000) : unit === 'STORES' ? plural(value, 'store') : `${value} ${unit.toLowerCase()}`;
}

/** What is wanted: the most of a time, the fewest of stores. */
export function wantedWords(value: number, unit: string): string {
  return unit === 'STORES' ? `${measureWords(value, unit)} or more` : measureWords(value, unit);
}

export const WORKS: Record<string, string> = {
  FULL: 'Full backup', INCREMENTAL: 'Incremental backup', DIFFERENTIAL: 'Differential backup', LOGICAL: 'Logical backup', SCHEMA: 'Backup of the definitions', DATA: 'Backup of the rows alone',
  DRILL_NEWEST: 'Drill of the newest backup', DRILL_RANDOM: 'Drill of a random older one', DRILL_RANDOM_POINT: 'Drill of a random moment', EXPIRE: 'Expiry of what is not kept',
};

/** A schedule of a policy as it is typed. */
export interface Typed {
  name: string;
  work: string;
  cron: string;
  zone: string;
  except: string;
  from: string;
  kit: string;
  passphraseFile: string;
  rate: string;
}

/** In place of a store's name: all that hold the backup. */
export const EACH_STORE = 'each-store';

/** Kilobytes a second that a server can be told. */
const LEAST_RATE = 32;
const MOST_RATE = 1_048_576;

export function isDrill(work: string): boolean {
  return work.startsWith('DRILL_');
}

export function isBackup(work: string): boolean {
  return !isDrill(work) && work !== 'EXPIRE';
}

export function typedOf(work: PolicyWork): Typed {
  return { name: work.name, work: work.work, cron: work.cron, zone: work.zone, except: work.except.join(', '), from: work.from ?? '', kit: work.kit ?? '', passphraseFile: work.passphraseFile ?? '', rate: work.rateLimitKilobytesPerSecond?.toString() ?? '' };
}

/** What only a drill or a backup has goes out with it alone, whatever was typed before it became something else. */
export function workOf(typed: Typed): PolicyWork {
  const ofDrill = (text: string) => (isDrill(typed.work) && text.trim()) || null;
  return {
    name: nameOf(typed), work: typed.work, cron: typed.cron.trim(), zone: typed.zone, except: typed.except.split(',').map((each) => each.trim()).filter(Boolean),
    from: ofDrill(typed.from), kit: ofDrill(typed.kit), passphraseFile: ofDrill(typed.passphraseFile),
    rateLimitKilobytesPerSecond: isBackup(typed.work) && typed.rate.trim() ? Number(typed.rate) : null,
  };
}

/** from each store, by a recovery kit; at most 2,048 KB/s; nothing where that is left to the job. */
export function readsWords(work: PolicyWork): string {
  return [work.from && (work.from === EACH_STORE ? 'from each store' : `from ${work.from}`), work.kit && 'by a recovery kit', work.rateLimitKilobytesPerSecond && `at most ${work.rateLimitKilobytesPerSecond.toLocaleString('en')} KB/s`].filter(Boolean).join(', ');
}

/** What it does is its name where none was typed. */
export function nameOf(typed: Typed): string {
  return typed.name.trim() || typed.work.toLowerCase().replace(/_/g, '-');
}

/** Why one of the schedules cannot be saved, by its field; null where it can. */
export function typedProblem(typed: Typed, all: Typed[]): Partial<Record<'name' | 'cron' | 'zone' | 'except' | 'kit' | 'passphraseFile' | 'rate', string>> | null {
  const name = nameOf(typed);
  const { except, kit, passphraseFile } = workOf(typed);
  const path = (text: string | null, other: string | null) => (text ? (text.startsWith('/') ? null : 'An absolute path, from / on.') : other && 'Name both files, or neither.');
  const found = {
    name: nameProblem(name) ?? (all.filter((each) => nameOf(each) === name).length > 1 ? 'Another schedule of this policy has this name.' : null),
    cron: cronProblem(typed.cron),
    zone: zoneProblem(typed.zone),
    except: except.every((each) => /^(\d{4}-)?\d\d-\d\d$/.test(each)) ? null : 'Days as 2026-12-24, or 12-24 for every year, with commas between.',
    kit: path(kit, passphraseFile),
    passphraseFile: path(passphraseFile, kit),
    rate: isBackup(typed.work) ? numberProblem(typed.rate, MOST_RATE, LEAST_RATE) : null,
  };
  const problems = Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== null)) as Partial<Record<keyof typeof found, string>>;
  return Object.keys(problems).length === 0 ? null : problems;
}

/** What was answered to a request says nothing of another one. */
export interface Answered<T> {
  found: T;
  of: string;
}

export function stillOf<T>(answered: Answered<T> | null, body: unknown): T | null {
  return answered && answered.of === JSON.stringify(body) ? answered.found : null;
}

/** shop by silver, crm by none */
export function nextWords(instances: { instance: string; next: string | null }[]): string {
  return instances.map((each) => (each.next ? `${each.instance} goes by ${each.next}` : `${each.instance} is skipped`)).join(', ');
}

export type Texts<K extends string> = Record<K, string>;

export const MOST: Record<keyof PolicyGoals, number> = { rpoSeconds: 2_592_000, rtoSeconds: 604_800, proofDays: 365, backupHours: 8_760, stores: 10, keyDays: 3_650, kitHours: 8_760 };
export const MOST_KEPT = 10_000;

/** Nothing typed is nothing wanted. */
export function numberProblem(text: string, most: number, least = 1): string | null {
  return text.trim() === '' || (/^\d+$/.test(text.trim()) && Number(text) >= least && Number(text) <= most) ? null : `A number from ${least} to ${most.toLocaleString('en')}, or nothing.`;
}

/** What was typed as the request has it: null where nothing was. */
export function numbers<K extends string>(texts: Texts<K>): Record<K, number | null> {
  return Object.fromEntries(Object.entries<string>(texts).map(([key, text]) => [key, text.trim() === '' ? null : Number(text)])) as Record<K, number | null>;
}

export function texts<K extends string>(keys: readonly K[], values: Record<K, number | null> | undefined): Texts<K> {
  return Object.fromEntries(keys.map((key) => [key, values?.[key] ? String(values[key]) : ''])) as Texts<K>;
}
