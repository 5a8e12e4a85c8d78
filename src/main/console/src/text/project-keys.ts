/** What a project's keys are good for, in words; the server checks every refusal again. */
import type { ProjectKey } from '../api/project-keys';
import type { AuditEntry } from '../api/types';
import type { Look } from '../ui/state';
import { count, plural } from './format';

export function usesOf({ backups, logs }: Pick<ProjectKey, 'backups' | 'logs'>): string {
  return [backups > 0 && plural(backups, 'backup'), logs > 0 && plural(logs, 'archived log')].filter(Boolean).join(' and ') || 'nothing';
}

function opens(key: ProjectKey): number {
  return key.backups + key.logs;
}

export function lookOfKey(key: ProjectKey): Look {
  if (key.primary) return { word: 'wraps what is new', shape: 'dot', tone: 'good' };
  return opens(key) > 0 ? { word: 'opens what is older', shape: 'half', tone: 'idle' } : { word: 'opens nothing that is known', shape: 'ring', tone: 'idle' };
}

export function primaryOf(keys: ProjectKey[]): ProjectKey | undefined {
  return keys.find((each) => each.primary);
}

/** What of the stored things opens by the newest key, by the catalogue, which knows no copies; null where nothing is stored. */
export function wrapped(keys: ProjectKey[]): { share: number; done: number; total: number } | null {
  const total = keys.reduce((sum, each) => sum + opens(each), 0);
  const primary = primaryOf(keys);
  const done = primary ? opens(primary) : 0;
  return total === 0 ? null : { share: done / total, done, total };
}

export function wrappedWords(keys: ProjectKey[]): string {
  const found = wrapped(keys);
  if (!found) return 'Nothing is stored yet that a key opens.';
  const left = found.total - found.done;
  return left === 0 ? `By the catalogue, ${usesOf(sum(keys))} open by the newest key, none by an older one.` : `By the catalogue, ${count(found.done)} of ${count(found.total)} backups and archived logs open by the newest key, ${count(left)} by older ones.`;
}

function sum(keys: ProjectKey[]): { backups: number; logs: number } {
  return { backups: keys.reduce((all, each) => all + each.backups, 0), logs: keys.reduce((all, each) => all + each.logs, 0) };
}

/** Why nothing can be wrapped anew now, or null. What copies open by only a run finds out, and so an older key is enough for one. */
export function whyNotRewrap(keys: ProjectKey[]): string | null {
  const primary = primaryOf(keys);
  if (!keys.some((each) => !each.primary)) return 'There is no older key that anything could open by.';
  return primary?.exportedAt === null ? 'Make a recovery kit first: until the newest key was in one, nothing is wrapped by it, lest everything be lost with the repository.' : null;
}

/** Why a key stays, as far as this page knows; the stores are asked when it is destroyed. */
export function whyNotDestroy(key: ProjectKey, keys: ProjectKey[]): string | null {
  if (key.primary) return 'it wraps what is new';
  if (opens(key) > 0) return 'wrap anew first';
  return primaryOf(keys)?.exportedAt === null ? 'make a kit with the newest key first' : null;
}

const SHORTEST = 20;
const LONGEST = 1000;

/** Length is what makes it hard to guess; a file can be tried for ever. */
export function passphraseProblem(passphrase: string): string | null {
  if (passphrase.length > LONGEST) return `At most ${count(LONGEST)} characters.`;
  return passphrase.length < SHORTEST ? `At least ${SHORTEST} characters; ${SHORTEST - passphrase.length} to go.` : null;
}

export function kitFile(project: string): string {
  return `nightshift-${project}-recovery-kit.json`;
}

export interface KitHeader {
  projectName: string;
  madeAt: string;
}

/** Of a request (BodyLimit), less what goes with the kit. */
export const MOST_KIT_BYTES = 1_000_000 - 10_000;
export const TOO_LARGE = 'This file is larger than what Nightshift takes as a recovery kit, 990 kB.';
const LONGEST_NAME = 63;

/** What a kit says without its passphrase, or why it is none. */
export function headerOf(text: string): KitHeader | string {
  // In a request it stands as a JSON string, whose quotes take two bytes each
  if (new TextEncoder().encode(JSON.stringify(text)).length > MOST_KIT_BYTES) return TOO_LARGE;
  try {
    const { format, projectName, madeAt } = JSON.parse(text) as Record<string, unknown>;
    if (format === 'nightshift-project-keys') return 'This is an exported recovery key, not a kit: only a kit can be imported.';
    if (format !== 'nightshift-recovery-kit' || typeof projectName !== 'string' || typeof madeAt !== 'string' || projectName.length > LONGEST_NAME || Number.isNaN(Date.parse(madeAt))) return 'This file is not a recovery kit.';
    return { projectName, madeAt };
  } catch {
    return 'This file is not a recovery kit: it is not JSON, or not all of it is there.';
  }
}

/** Whether the kit that was made last holds the newest key, as the audit log wrote it down. */
export function lastKitHolds(entry: AuditEntry, keys: ProjectKey[]): boolean {
  const held = entry.details['keys'];
  return Array.isArray(held) && held.includes(primaryOf(keys)?.id);
}
