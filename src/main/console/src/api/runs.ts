/** What the pages of runs alone ask for. */
import type { Run, Time, Values } from './types';

/** What came of a change to all runs of a filter. */
export interface RunsChanged {
  matched: number;
  done: number;
  refused: { id: string; why: string }[];
  more: boolean;
  next: string | null;
}

/** What a person or a key last asked of a job. */
export interface LastRun {
  id: string;
  job: string;
  trigger: Run['trigger'];
  triggeredBy: string;
  createdAt: Time;
  databases: string[];
  parameters: Values;
}

export interface Attempt {
  number: number;
  node: string;
  /** Null for attempts of earlier versions. */
  cause: 'FIRST' | 'RECOVERY' | 'RETRY' | 'WINDOW' | 'LOCK' | null;
  by: string | null;
  startedAt: Time;
  endedAt: Time | null;
}
