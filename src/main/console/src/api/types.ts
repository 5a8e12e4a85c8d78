import type { Attempt } from './runs';

/** The REST payloads, as the server sends them: times in ISO 8601 UTC, sizes in bytes, durations in milliseconds. */

export type Time = string;
export type Role = 'VIEWER' | 'OPERATOR' | 'ADMIN';

/** A key may have one that opens the archived log and nothing else. */
export type KeyRole = Role | 'LOG_READER' | 'LOG_SHIPPER';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  field?: string;
  remedy?: string;
}

export interface ProjectRole {
  name: string;
  displayName: string;
  role: Role;
  timeZone: string;
  currency: string;
}

export interface Me {
  name: string;
  kind: 'PERSON' | 'KEY';
  installationAdmin: boolean;
  openId: boolean;
  projects: ProjectRole[];
}

export interface Breaker {
  state: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  since: Time | null;
  failures: number;
  lastError: string | null;
  retryAt: Time | null;
}

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface Instance {
  id: string;
  name: string;
  host: string;
  port: number;
  /** Further servers of its cluster, as they were entered: host:port, or host alone where the port is the same. */
  members: string[];
  tlsMode: TlsMode;
  rootCertificate: string | null;
  clientCertificate: string | null;
  clientKey: string | null;
  user: string;
  hasPassword: boolean;
  passwordFile: string | null;
  passwordVariable: string | null;
  maintenanceDatabase: string;
  serverVersion: string | null;
  systemIdentifier: string | null;
  tags: string[];
  /** How many days old its newest proof may be; 0 where none is expected. */
  proofDays: number;
  breaker: Breaker | null;
  pool: { active: number; idle: number; waiting: number } | null;
  databases: string[];
}

export type CheckState = 'OK' | 'WARNING' | 'FAILED' | 'NOT_MEASURED';

export interface CheckItem {
  item: string;
  label: string;
  state: CheckState;
  found: string | null;
  remedy: string | null;
}

export interface Check {
  at: Time;
  ok: boolean;
  serverVersion: string | null;
  items: CheckItem[];
}

export interface VacuumThresholds {
  deadPercent: number;
  changedPercent: number;
  floorRows: number;
}

export interface BackupSummary {
  id: string;
  takenAt: Time;
  storedBytes: number;
  proof: Proof;
}

export interface Database {
  id: string;
  name: string;
  instance: string;
  dbname: string;
  tags: string[];
  sizeBytes: number | null;
  vacuum: VacuumThresholds;
  lastCheck: Check | null;
  backup: BackupSummary | null;
}

export interface Parameter {
  name: string;
  type: 'INTEGER' | 'BOOLEAN' | 'TEXT' | 'CHOICE';
  label: string;
  help: string | null;
  defaultValue: string | number | boolean | null;
  min?: number | null;
  max?: number | null;
  choices: string[] | null;
  required: boolean;
}

export interface Job {
  name: string;
  title: string;
  description: string;
  unit: 'INSTANCE' | 'DATABASE' | 'PROJECT';
  steps: string[];
  parameters: Parameter[];
}

export type RunStatus =
  | 'QUEUED' | 'WAITING' | 'STARTED' | 'STOPPING' | 'STOPPED' | 'COMPLETED'
  | 'PARTIAL' | 'FAILED' | 'LOST' | 'MISSED' | 'SKIPPED';

export type TargetStatus = 'WAITING' | 'STARTED' | 'COMPLETED' | 'FAILED' | 'STOPPED' | 'SKIPPED' | 'LOST';

export type Values = Record<string, string | number | boolean | null>;

export interface Step {
  name: string;
  status: TargetStatus;
  startedAt: Time | null;
  endedAt: Time | null;
  durationMillis: number | null;
  figure: string | null;
  reason: string | null;
}

export interface Progress {
  done: number;
  total: number | null;
  unit: string;
  etaMillis: number | null;
  text: string | null;
}

export interface Target {
  id: string;
  /** Null where the project is the target. */
  instance: string | null;
  database: string | null;
  databases: string[];
  status: TargetStatus;
  reason: string | null;
  remedy: string | null;
  attempt: number;
  /** That works on it or did last; null or absent where nobody has, or it is not known any more. */
  node?: string | null;
  startedAt: Time | null;
  endedAt: Time | null;
  durationMillis: number | null;
  usualMillis?: number | null;
  usualP95Millis?: number | null;
  progress: Progress | null;
  steps: Step[];
  figures: Values;
}

export interface Run {
  id: string;
  job: string;
  status: RunStatus;
  reason: string | null;
  trigger: 'PERSON' | 'KEY' | 'SCHEDULE' | 'START' | 'RETENTION';
  triggeredBy: string | null;
  schedule: string | null;
  parameters: Values;
  createdAt: Time;
  startedAt: Time | null;
  endedAt: Time | null;
  durationMillis: number | null;
  /** Half of the earlier ones were shorter; null or absent below five of them. */
  usualMillis?: number | null;
  /** 95 of 100 were shorter. */
  usualP95Millis?: number | null;
  attempt: number;
  node: string | null;
  progress: number | null;
  /** Lines that its log lacks, because a run may have so many. */
  logLinesDropped?: number;
  /** The tries that nodes made at it, the first one first. */
  attempts: Attempt[];
  targets: Target[];
}

/** A run in a list: its targets counted and added up, not listed. */
export interface RunItem extends Omit<Run, 'targets' | 'attempts' | 'logLinesDropped'> {
  summary: {
    targets: Partial<Record<TargetStatus, number>>;
    /** The first five. */
    databases: string[];
    databaseCount: number;
    reason: string | null;
    figures: Values;
  };
}

export interface LogLine {
  seq: number;
  at: Time;
  target: string | null;
  level: 'INFO' | 'WARN' | 'ERROR';
  text: string;
}

export type ProofLevel = 'NONE' | 'STORED' | 'INTACT' | 'READABLE' | 'RESTORED' | 'MATCHED';

export interface Rung {
  level: ProofLevel;
  number: number;
  outcome: 'PASSED' | 'FAILED' | 'NOT_CHECKED' | 'NOT_POSSIBLE';
  at: Time | null;
  durationMillis: number | null;
  evidence: string | null;
  reason: string | null;
}

/** One relation as it was on the source. */
export interface MeasuredRows {
  kind: 'TABLE' | 'MATERIALIZED_VIEW' | 'SEQUENCE' | 'LARGE_OBJECTS';
  name: string;
  query: string;
  rows: number;
  hash: string;
  samplePercent: number | null;
  changed: boolean;
}

export interface DatabaseEvidence {
  database: string;
  position: string | null;
  takenAt: Time;
  tookMillis: number;
  settings: string;
  measured: MeasuredRows[];
  uncovered: { name: string; reason: string }[];
}

export interface Proof {
  level: ProofLevel;
  levelNumber: number;
  at: Time | null;
  rtoMillis: number | null;
  reason: string | null;
  ladder: Rung[];
  notChecked: string[];
  run: string | null;
  /** Where it was read; it says nothing of copies elsewhere. */
  store: string;
}

export type Severity = 'INFO' | 'WARNING' | 'CRITICAL';

export interface Finding {
  id: string;
  severity: Severity;
  title: string;
  detail: string;
  remedy: string | null;
  subject: { kind: 'DATABASE' | 'INSTANCE' | 'BACKUP' | 'RUN' | 'PROJECT'; name: string; id: string | null };
  state: 'OPEN' | 'CLOSED';
  firstSeen: Time;
  lastSeen: Time;
  count: number;
  evidence: Record<string, unknown>;
  run: string | null;
}

export interface Schedule {
  id: string;
  name: string;
  job: string;
  /** Null where it follows another job. */
  cron: string | null;
  after: string | null;
  zone: string;
  /** Names, tag: and a tag, or *. */
  databases: string[];
  parameters: Values;
  misfire: 'SKIP' | 'ONCE' | 'ALL';
  overlap: 'SKIP' | 'QUEUE' | 'ALLOW';
  /** Days left out: 2026-12-24, or 12-24 for every year. */
  except: string[];
  enabled: boolean;
  /** The policy that it belongs to, which alone changes it; null for none. */
  policy: string | null;
  paused: Pause | null;
  nextFires: Time[];
  lastRun: { id: string; status: RunStatus; at: Time } | null;
}

export interface Pause {
  since: Time;
  /** Null: until somebody resumes. */
  until: Time | null;
  by: string;
  why: string;
}

export interface Bar {
  run: string;
  job: string;
  status: RunStatus;
  from: Time;
  to: Time | null;
  reason: string | null;
}

export interface Overview {
  databases: { total: number; proven: number; oldestProofAt: Time | null };
  lastNight: { done: number; failed: number; from: Time | null; to: Time | null };
  waiting: { runs: number; nextFire: Time | null; nextJob: string | null };
  findings: { critical: number; warning: number; info: number; top: string | null };
  night: { from: Time; to: Time; lanes: { database: string; bars: Bar[] }[] };
}

export interface NodeInfo {
  id: string;
  name: string;
  version: string;
  startedAt: Time;
  lastHeartbeat: Time;
  sinceHeartbeatMillis: number;
  alive: boolean;
  draining: boolean;
  /** By somebody, here; otherwise by its drain file, or because it is being stopped. */
  drainAsked: boolean;
  systemLoad: number | null;
  heapUsedBytes: number | null;
  heapMaxBytes: number | null;
  /** How far it is ahead of the repository's. */
  clockOffsetMillis: number | null;
  /** Further than it may be. */
  clockOff: boolean;
  runs: number;
  targets: number;
}

/** Whether Nightshift's own repository is an instance of a project, and what was stored of it. */
export interface RepositoryBackup {
  registered: boolean;
  project: string | null;
  instance: string | null;
  /** The newest good physical one. */
  backup: string | null;
  takenAt: Time | null;
  store: string | null;
  provenAt: Time | null;
  /** Up to when log without a gap goes on from it. */
  coveredTo: Time | null;
}

export interface AuditEntry {
  id: string;
  at: Time;
  who: string;
  from: string | null;
  project: string | null;
  action: string;
  object: string;
  details: Record<string, unknown>;
}

/** A message of the live feed: something changed; whoever shows it fetches it. Kinds target and log carry the id of the run. */
export interface Change {
  kind: 'hello' | 'away' | 'run' | 'target' | 'log' | 'backup' | 'finding' | 'schedule' | 'instance';
  id?: string;
}
