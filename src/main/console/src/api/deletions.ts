import type { Time } from './types';

/** Two-person deletion as REST answers it. */

export type DeletionState = 'WAITING' | 'APPROVED' | 'REFUSED' | 'OUTGROWN' | 'RUN_OUT' | 'FAILED';

export interface DeletionServer {
  server: string;
  backups: string[];
  bytes: number;
  logBytes: number;
  /** Null where nothing stays, or it is not about a window. */
  windowFrom: Time | null;
  /** Why nothing goes. */
  reason: string | null;
}

export interface DeletionRequest {
  id: string;
  kind: string;
  what: string;
  why: string | null;
  askedBy: string;
  askedWith: string | null;
  askedAt: Time;
  until: Time;
  state: DeletionState;
  decidedBy: string | null;
  decidedAt: Time | null;
  note: string | null;
  backups: number;
  bytes: number;
  logBytes: number;
  elsewhere: number;
  servers: DeletionServer[];
  means: string[];
  mayApprove: boolean;
  whyNot: string | null;
}

export interface TwoPersonDeletion {
  on: boolean;
  by: string | null;
  since: Time | null;
  covers: string[];
  admins: number;
  hours: number;
}
