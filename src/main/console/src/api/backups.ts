import type { Proof, ProofLevel, Time } from './types';

/** Backups, stores, archived logs and restores to a point, as REST answers them. */

export interface Selection {
  schemas?: string[];
  withoutSchemas?: string[];
  tables?: string[];
  withoutTables?: string[];
}

export interface Backup {
  id: string;
  instance: string;
  databases: string[];
  kind: string;
  /** What was chosen of a logical backup's database, names as SQL writes them; null if it holds all of it. */
  selection: Selection | null;
  parent: string | null;
  fullBecause: string | null;
  state: 'COMPLETE' | 'DAMAGED';
  run: string | null;
  takenAt: Time;
  endedAt: Time | null;
  durationMillis: number | null;
  serverVersion: string | null;
  sizeBytes: number | null;
  storedBytes: number | null;
  store: string;
  location: string;
  startLsn: string | null;
  stopLsn: string | null;
  recoversTo: string | null;
  provenTo: string | null;
  timeline: number | null;
  checksums: { enabled: boolean; failures: number } | null;
  tablespaces: number | null;
  keyId: string | null;
  chain: { position: number; of: number; backups: string[] } | null;
  hold: { reason: string; by: string } | null;
  proof: Proof;
  copies: BackupCopy[];
}

/** A copy in another store than the backup was taken to. */
export interface BackupCopy {
  store: string;
  location: string;
  state: string;
  storedBytes: number | null;
  madeAt: Time | null;
  verifiedAt: Time | null;
  run: string;
  proof: Proof;
}

/** An object of a backup, as its manifest lists it; number is its place there. */
export interface StoredObject {
  number: number;
  name: string;
  kind: string;
  stream: string;
  storedBytes: number;
  contentBytes: number;
  sha256: string;
}

/** What one drill came to, of one backup in one store. */
export interface Drill {
  id: string;
  at: Time;
  backup: string;
  run: string | null;
  store: string;
  chosen: string;
  point: string | null;
  level: ProofLevel;
  levelNumber: number;
  outcome: 'PASSED' | 'FAILED' | 'NOT_POSSIBLE';
  reason: string | null;
  rtoMillis: number | null;
  provenMillis: number | null;
  /** Of the recovery kit whose keys alone opened it; null for the project's keys. */
  kitMadeAt: Time | null;
}

export interface Trend {
  lastMedianMillis: number | null;
  beforeMedianMillis: number | null;
}

export interface Drills {
  items: Drill[];
  next: string | null;
  trend: Trend;
}

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
  /** For how many days the bucket is to lock what is stored. */
  lockDays: number | null;
  deleteAccount: string | null;
  deleteSecretFile: string | null;
  deleteSecretVariable: string | null;
  /** Declared lost for good. */
  lostSince: string | null;
}

export interface StoreCheck {
  works: boolean;
  steps: { step: string; passed: boolean; millis: number; reason: string | null; remedy: string | null; found?: string | null }[];
}

/** A backup of another tool's, as that tells of it. */
export interface AdoptedBackup {
  label: string;
  kind: string;
  parent: string | null;
  failed: boolean;
  startedAt: Time | null;
  endedAt: Time | null;
  sizeBytes: number | null;
  storedBytes: number | null;
}

export interface AdoptedReport {
  tool: string;
  name: string;
  reportedAt: Time;
  reportedBy: string;
  backups: AdoptedBackup[];
}

/** One of another tool's in the list of a project; `at` is when it ended, or when it was told of if it was not over then. */
export interface ListedAdopted {
  instance: string;
  tool: string;
  /** The tool's own for the server. */
  name: string;
  at: Time;
  reportedAt: Time;
  reportedBy: string;
  backup: AdoptedBackup;
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
  /** Null where the server pushes its log. */
  slot: string | null;
  retainedBytes: number | null;
  coveredTo: string | null;
  rpoSeconds: number | null;
  /** Log without a gap, the newest first. */
  stretches: WalStretch[];
}

export interface WalStretch {
  timeline: number;
  from: string;
  to: string;
  begunAt: Time;
  /** All that the server had acknowledged by then is stored. */
  coveredTo: Time | null;
  /** What is missing before it. */
  gap: string | null;
}

export interface RecoveryPoint {
  lsn: string;
  at: string | null;
  /** Of an end: all that the server had acknowledged by then lies before it, in the stores that were read. */
  coveredTo?: string | null;
}

/** Between which points a database can be restored to any. */
export interface RecoveryWindow {
  timeline: number | null;
  from: RecoveryPoint | null;
  to: RecoveryPoint | null;
  /** Whether log that was archived is found in the stores that answer; absent where a server does not say so yet. */
  archived?: boolean;
  gaps: { from: RecoveryPoint; to: RecoveryPoint }[];
  /** What other stores hold of the log, or held, and those that were read do not; a sentence. */
  lacks?: string | null;
}

export interface RestorePlan {
  reachable: boolean;
  certain: boolean;
  reason: string | null;
  remedy: string | null;
  backup: string | null;
  store: string | null;
  /** Where the archived log would be read. */
  logStores: string[];
  /** As of the window. */
  lacks: string | null;
  backupFinishedAt: string | null;
  chain: string[];
  segments: { count: number; bytes: number } | null;
  backupRestoreMillis: number | null;
  /** Null where the lists of the backups' files cannot be read. */
  size: PlanSize | null;
}

/** How much a restore is; `roomBytes` have to be free where it goes. */
export interface PlanSize {
  backups: { id: string; kind: string; sizeBytes: number; storedBytes: number }[];
  backupBytes: number;
  logBytes: number;
  roomBytes: number;
  parts: PlanPart[];
  millis: number | null;
}

/** One after the other; what was never measured from this store is null. */
export interface PlanPart {
  part: 'FILES' | 'LOG' | 'REPLAY';
  bytes: number;
  millis: number | null;
  measured: { kind: 'DRILL' | 'RESTORE'; run: string | null; at: Time; bytes: number; millis: number } | null;
}
