/** Who may, and what was deleted: what the rarer pages read. */
import type { KeyRole, Role, Time } from './types';

export interface Person {
  name: string;
  displayName: string | null;
  installationAdmin: boolean;
  disabled: boolean;
  openId: boolean;
  createdAt: Time;
  lastLogin: Time | null;
  projects: { name: string; role: Role }[];
}

/** What was deleted and can still be restored. */
export interface Deleted {
  id: string;
  kind: 'PROJECT' | 'INSTANCE' | 'DATABASE';
  name: string;
  on: string | null;
  deletedAt: Time;
  until: Time;
}

/** In days. */
export interface Retention {
  runDays: number;
  logDays: number;
  auditDays: number;
  /** Of each job, however old they are. */
  keepRuns: number;
  deletedDays: number;
}

export interface Session {
  id: string;
  person: string;
  from: string;
  agent: string | null;
  createdAt: Time;
  lastSeen: Time;
  expires: Time;
  current: boolean;
}

export interface Key {
  id: string;
  name: string;
  project: string | null;
  role: KeyRole;
  installationAdmin?: boolean;
  expires: string | null;
  createdBy: string | null;
  createdAt: Time;
  lastUsed: Time | null;
  prefix: string;
  /** Only in the answer that created it. */
  key?: string;
}
