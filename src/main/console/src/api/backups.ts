/** Stores, archived logs and restores to a point, as REST answers them. */

/** Where backups can lie; all but name and kind for the installation's admins alone. */
export interface StoreInfo {
  name: string;
  kind: string;
  folder: string | null;
  bucket: string | null;
  prefix: string | null;
  endpoint: string | null;
  region: string | null;
  account: string | null;
  secretFile: string | null;
  secretVariable: string | null;
}

export interface StoreCheck {
  works: boolean;
  steps: { step: string; passed: boolean; millis: number; reason: string | null; remedy: string | null }[];
}

/** How an instance's log is archived. */
export interface Wal {
  enabled: boolean;
  pieceSeconds: number;
  retainedLimitBytes: number;
  giveUp: boolean;
  rpoGoalSeconds: number;
  store: string;
  state: string;
  message: string | null;
  slot: string;
  retainedBytes: number | null;
  coveredTo: string | null;
  rpoSeconds: number | null;
  /** Log without a gap, the newest first. */
  stretches: { from: string; begunAt: string; gap: string | null }[];
}

export interface RecoveryPoint {
  lsn: string;
  at: string | null;
}

/** Between which points a database can be restored to any. */
export interface RecoveryWindow {
  timeline: number | null;
  from: RecoveryPoint | null;
  to: RecoveryPoint | null;
  gaps: { from: RecoveryPoint; to: RecoveryPoint }[];
}

export interface RestorePlan {
  reachable: boolean;
  certain: boolean;
  reason: string | null;
  remedy: string | null;
  backup: string | null;
  backupFinishedAt: string | null;
  chain: string[];
  segments: { count: number; bytes: number } | null;
  backupRestoreMillis: number | null;
}
