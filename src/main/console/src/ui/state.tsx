import type { CheckState, Proof, ProofLevel, RunStatus, Rung, Severity, TargetStatus } from '../api/types';

/** A state is a word and a shape besides its colour; red and amber only for what needs a person. */
export type Tone = 'good' | 'busy' | 'idle' | 'warn' | 'bad';
export type Shape = 'dot' | 'half' | 'ring' | 'triangle' | 'square' | 'cross' | 'dash';

export interface Look {
  word: string;
  shape: Shape;
  tone: Tone;
}

export const RUN: Record<RunStatus | TargetStatus, Look> = {
  QUEUED: { word: 'queued', shape: 'ring', tone: 'idle' },
  WAITING: { word: 'waiting', shape: 'ring', tone: 'idle' },
  STARTED: { word: 'running', shape: 'half', tone: 'busy' },
  STOPPING: { word: 'stopping', shape: 'half', tone: 'busy' },
  STOPPED: { word: 'stopped', shape: 'dash', tone: 'idle' },
  COMPLETED: { word: 'done', shape: 'dot', tone: 'good' },
  PARTIAL: { word: 'partly failed', shape: 'triangle', tone: 'warn' },
  FAILED: { word: 'failed', shape: 'square', tone: 'bad' },
  LOST: { word: 'lost', shape: 'cross', tone: 'bad' },
  MISSED: { word: 'missed', shape: 'dash', tone: 'warn' },
  SKIPPED: { word: 'skipped', shape: 'dash', tone: 'idle' },
};

const CHECK: Record<CheckState, Look> = {
  OK: { word: 'fine', shape: 'dot', tone: 'good' },
  WARNING: { word: 'warning', shape: 'triangle', tone: 'warn' },
  FAILED: { word: 'failed', shape: 'square', tone: 'bad' },
  NOT_MEASURED: { word: 'not measured', shape: 'dash', tone: 'idle' },
};

const SEVERITY: Record<Severity, Look> = {
  CRITICAL: { word: 'critical', shape: 'square', tone: 'bad' },
  WARNING: { word: 'warning', shape: 'triangle', tone: 'warn' },
  INFO: { word: 'info', shape: 'ring', tone: 'idle' },
};

const RUNG: Record<Rung['outcome'], Look> = {
  PASSED: { word: 'passed', shape: 'dot', tone: 'good' },
  FAILED: { word: 'failed', shape: 'square', tone: 'bad' },
  NOT_CHECKED: { word: 'not checked', shape: 'ring', tone: 'idle' },
  NOT_POSSIBLE: { word: 'not possible', shape: 'dash', tone: 'idle' },
};

const BREAKER: Record<'CLOSED' | 'OPEN' | 'HALF_OPEN', Look> = {
  CLOSED: { word: 'lets work through', shape: 'dot', tone: 'good' },
  HALF_OPEN: { word: 'trying again', shape: 'half', tone: 'busy' },
  OPEN: { word: 'paused after failures', shape: 'square', tone: 'bad' },
};

const STRANGE: Look = { word: 'unknown', shape: 'dash', tone: 'idle' };

export function lookOf<K extends string>(looks: Record<K, Look>, name: string): Look {
  return (looks as Record<string, Look>)[name] ?? { ...STRANGE, word: name.toLowerCase().replace(/_/g, ' ') };
}

const SHAPES: Record<Shape, preact.JSX.Element> = {
  dot: <circle cx="6" cy="6" r="5" />,
  half: <><circle class="hollow" cx="6" cy="6" r="4.2" /><path d="M6 1.800a4.2 4.2 0 0 0 0 8.400Z" /></>,
  ring: <circle class="hollow" cx="6" cy="6" r="4.2" />,
  triangle: <path d="M6 .9 11.6 10.800H.4Z" />,
  square: <rect x="1.2" y="1.2" width="9.6" height="9.6" rx="1" />,
  cross: <path class="hollow" d="m2 2 8 8M10 2l-8 8" />,
  dash: <path class="hollow" d="M1.5 6h9" />,
};

export function Mark({ shape, tone }: { shape: Shape; tone: Tone }) {
  return <svg class={`mark ${tone}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{SHAPES[shape]}</svg>;
}

export function State({ look, word }: { look: Look; word?: string }) {
  return <span class={`state ${look.tone}`}><Mark shape={look.shape} tone={look.tone} />{word ?? look.word}</span>;
}

export const RunState = ({ status }: { status: RunStatus | TargetStatus }) => <State look={lookOf(RUN, status)} />;
export const CheckMark = ({ state }: { state: CheckState }) => <State look={lookOf(CHECK, state)} />;
export const SeverityState = ({ severity }: { severity: Severity }) => <State look={lookOf(SEVERITY, severity)} />;
export const RungState = ({ outcome }: { outcome: Rung['outcome'] }) => <State look={lookOf(RUNG, outcome)} />;
export const BreakerState = ({ state }: { state: string }) => <State look={lookOf(BREAKER, state)} />;

export const PROOF_WORDS: Record<ProofLevel, string> = {
  NONE: 'not proven', STORED: 'stored', INTACT: 'intact', READABLE: 'readable', RESTORED: 'restored', MATCHED: 'matched',
};

/** From "restored" on a backup counts as proven restorable. */
export const PROVEN_FROM = 3;

/** The rung that a drill broke on, if it broke. */
export function brokenAt(proof: Proof): Rung | undefined {
  return proof.ladder.find((rung) => rung.outcome === 'FAILED');
}

/** How far a backup is proven; where a drill broke, that counts, not what had passed before. */
export function ProofState({ proof, damaged }: { proof: Proof; damaged?: boolean }) {
  const { level, levelNumber } = proof;
  const broken = brokenAt(proof);
  if (broken) return <State look={{ word: `failed at L${broken.number}`, shape: 'square', tone: 'bad' }} />;
  if (damaged) return <State look={{ word: 'damaged', shape: 'square', tone: 'bad' }} />;
  const look: Look = levelNumber >= PROVEN_FROM ? { word: '', shape: 'dot', tone: 'good' }
    : levelNumber < 0 ? { word: '', shape: 'ring', tone: 'idle' } : { word: '', shape: 'half', tone: 'idle' };
  const word = PROOF_WORDS[level] ?? level.toLowerCase();
  return <State look={look} word={levelNumber < 0 ? word : `L${levelNumber} ${word}`} />;
}
