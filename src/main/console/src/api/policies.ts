import type { RunStatus, Time } from './types';

/** Backup policies as REST answers them. */

export interface PolicyGoals {
  rpoSeconds: number | null;
  rtoSeconds: number | null;
  proofDays: number | null;
  backupHours: number | null;
  stores: number | null;
  keyDays: number | null;
  kitHours: number | null;
}

/** 0 and null leave a part out. */
export type PolicyKeep = Record<'days' | 'count' | 'daily' | 'weekly' | 'monthly' | 'yearly', number | null>;

/** What a policy has done, and when. */
export interface PolicyWork {
  name: string;
  work: string;
  cron: string;
  zone: string;
  except: string[];
  /** Of a drill: the store that it reads, or each-store; null where that is left to the job. */
  from: string | null;
  /** Of a drill: paths on Nightshift's machine, both or neither. */
  kit: string | null;
  passphraseFile: string | null;
  /** Of a backup: kilobytes a second at most; null for no limit. */
  rateLimitKilobytesPerSecond: number | null;
}

export interface PolicySchedule extends PolicyWork {
  /** The schedule that does it. */
  schedule: string;
  /** Null where none is ahead: paused, switched off by a fault, or held back. */
  nextFire: Time | null;
  paused: boolean;
  lastRun: { id: string; status: RunStatus; at: Time } | null;
}

export interface Policy {
  name: string;
  description: string;
  /** Names, tag: and a tag, or * alone for all. */
  databases: string[];
  goals: PolicyGoals;
  keep: PolicyKeep;
  schedules: PolicySchedule[];
  /** Where its scheduled backups go: taken to the first, copied to the others. */
  stores: string[];
  counts: { instances: number; met: number; missed: number; unknown: number };
}

export interface Elsewhere {
  instance: string;
  policy: string;
}

export interface JudgedGoal {
  goal: string;
  unit: string;
  wanted: number;
  /** Null where nothing was measured. */
  measured: number | null;
  measuredAt: Time | null;
  state: 'MET' | 'MISSED' | 'UNKNOWN';
  reason: string;
}

export interface PolicyDetails {
  policy: Policy;
  /** next: the policy that would answer if this one were deleted; null for none. */
  instances: { instance: string; goals: JudgedGoal[]; next: string | null }[];
  answeredElsewhere: Elsewhere[];
}

export interface Simulated {
  instance: string;
  /** Who answers for it afterwards, and who does now; null for nobody. */
  policy: string | null;
  policyBefore: string | null;
  /** Why nothing can be said of it; null where it can. */
  reason: string | null;
  goes: { backup: string; kind: string; endedAt: Time; bytes: number }[];
  stays: { backup: string; kind: string; endedAt: Time; because: string[] }[];
  bytesFreed: number;
  logBytesFreed: number;
  windowFrom: Time | null;
  windowTo: Time | null;
}

export interface Simulation {
  instances: Simulated[];
  answeredElsewhere: Elsewhere[];
  /** Beyond what one answer looks at. */
  leftOut: string[];
}
