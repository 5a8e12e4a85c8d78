/** A project's keys for its backups, and its recovery kit, as REST answers them. */
import type { Time } from './types';

export interface ProjectKey {
  id: string;
  /** Or taken over from a kit. */
  madeAt: Time;
  /** It wraps the data keys of what is new. */
  primary: boolean;
  /** When it was first put into a kit or a key file; whether somebody keeps that is not known. Absent where a server does not say it. */
  exportedAt?: Time | null;
  backups: number;
  logs: number;
}

/** What came of the import of a recovery kit. */
export interface ImportedKit {
  project: string;
  created: boolean;
  primary: string;
  /** Those that were taken over. */
  keys: string[];
  servers: { name: string; host: string; port: number }[];
  stores: { name: string; kind: string; place: string }[];
}
