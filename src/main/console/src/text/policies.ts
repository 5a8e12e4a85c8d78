import type { PolicyGoals, PolicyKeep } from '../api/policies';
import { UNKNOWN, clock, plural } from './format';

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
  RPO: 'Data loss', RTO: 'Time to restore', PROOF: 'Age of the proof', BACKUP: 'Age of the backup',
};

/** A goal's figure in its unit, as people say it. */
export function measureWords(value: number | null, unit: string): string {
  if (value == null) return UNKNOWN;
  return unit === 'SECONDS' ? clock(value * 1000) : `${value} ${unit.toLowerCase()}`;
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

export const MOST: Record<keyof PolicyGoals, number> = { rpoSeconds: 2_592_000, rtoSeconds: 604_800, proofDays: 365, backupHours: 8_760 };
export const MOST_KEPT = 10_000;

/** Nothing typed is nothing wanted. */
export function numberProblem(text: string, most: number): string | null {
  return text.trim() === '' || (/^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most) ? null : `A number from 1 to ${most.toLocaleString('en')}, or nothing.`;
}

/** What was typed as the request has it: null where nothing was. */
export function numbers<K extends string>(texts: Texts<K>): Record<K, number | null> {
  return Object.fromEntries(Object.entries<string>(texts).map(([key, text]) => [key, text.trim() === '' ? null : Number(text)])) as Record<K, number | null>;
}

export function texts<K extends string>(keys: readonly K[], values: Record<K, number | null> | undefined): Texts<K> {
  return Object.fromEntries(keys.map((key) => [key, values?.[key] ? String(values[key]) : ''])) as Texts<K>;
}
