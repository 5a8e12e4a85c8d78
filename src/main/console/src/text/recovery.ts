/** Which moments a server can be restored to, as parts of a line; all times in milliseconds. */
import type { Backup, RecoveryPoint, RecoveryWindow, Wal, WalStretch } from '../api/backups';
import { age, clock, duration, plural } from './format';
import { isLogical } from './kinds';

export interface Part {
  /** Any moment of it; none of it; stored from its beginning on, but nobody knows how far by the clock; not known to be stored. */
  kind: 'stored' | 'gap' | 'unknown' | 'late';
  from: number;
  to: number;
  /** Of what is stored the beginning to the microsecond, as it was told: the moment of the backup itself. */
  begin?: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A position in the log as a number: 16/B374D848. */
export function position(lsn: string): bigint {
  const [high, low] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/**
 * The line from the first moment until now, as far as the stores were seen to hold it: what the catalogue says of an archive may
 * lie in a store that is away. Without archived log a backup's own ends with the backup.
 */
export function partsOf(window: RecoveryWindow, now: number): Part[] {
  if (!window.from) return [];
  const begins = [window.from, ...window.gaps.map((gap) => gap.to)];
  const ends = [...window.gaps.map((gap) => gap.from), window.to];
  return begins.flatMap(({ at }, index): Part[] => {
    const from = moment(at);
    if (from === null) return [];
    const last = index === begins.length - 1;
    const next = Math.max(from, (last ? null : moment(begins[index + 1]!.at)) ?? now);
    const told = [...endOf(ends[index]), ...(window.archived === false ? [from] : [])];
    if (told.length === 0) return [{ kind: 'unknown', from, to: next, begin: at! }];
    // The beginning is by Nightshift's clock, the end by the server's: they may be the wrong way round
    const end = Math.min(next, Math.max(from, ...told));
    const stored: Part = { kind: 'stored', from, to: end, begin: at! };
    return next > end ? [stored, { kind: last ? 'late' : 'gap', from: end, to: next }] : [stored];
  });
}

/** What is known of how far by the clock: the last transaction, and the server's own word. */
function endOf(point: RecoveryPoint | null | undefined): number[] {
  return [moment(point?.at ?? null), moment(point?.coveredTo ?? null)].filter((each) => each !== null);
}

function moment(at: string | null): number | null {
  return at == null ? null : Date.parse(at);
}

/** Where a moment lies, with the nearest ones that are stored on either side. */
export function lies(parts: Part[], at: number): { kind: Part['kind'] | 'before'; earlier: number | null; later: number | null } {
  const within = parts.find((part) => at >= part.from && at <= part.to && part.kind !== 'gap' && part.kind !== 'late') ?? parts.find((part) => at >= part.from && at <= part.to);
  const good = parts.filter((part) => part.kind === 'stored');
  return {
    kind: within?.kind ?? (parts[0] && at < parts[0].from ? 'before' : 'late'),
    earlier: good.filter((part) => part.to < at).at(-1)?.to ?? null,
    later: good.find((part) => part.from > at)?.from ?? null,
  };
}

/** What was meant by a click beside what is stored, up to this far: a backup alone is a hair's breadth. */
export function snapped(parts: Part[], at: number, within: number): number {
  const { kind, earlier, later } = lies(parts, at);
  if (kind === 'stored' || kind === 'unknown') return at;
  const sides = [earlier, later].filter((side) => side !== null && Math.abs(side - at) <= within) as number[];
  return sides.sort((one, other) => Math.abs(one - at) - Math.abs(other - at))[0] ?? at;
}

/** The whole second to ask for, if it is stored; else the moment of the backup that the part begins with. */
export function asked(parts: Part[], at: number): string {
  const part = parts.find((each) => each.begin && at >= each.from && at <= each.to);
  const second = Math.floor(at / 1000) * 1000;
  if (!part || second > part.from) return new Date(second).toISOString();
  return second + 1000 <= part.to ? new Date(second + 1000).toISOString() : part.begin!;
}

export type Span = 'day' | 'week' | 'all';
const SPANS: Record<Span, number> = { day: DAY, week: 7 * DAY, all: Infinity };

/** Those that show something else than all does. */
export function spansOf(parts: Part[], now: number): Span[] {
  const first = parts[0]?.from ?? now;
  return (['day', 'week', 'all'] as const).filter((span) => span === 'all' || SPANS[span] < now - first);
}

/** The last day, unless nothing of it is stored. */
export function firstSpan(parts: Part[], now: number): Span {
  const offered = spansOf(parts, now);
  return offered.find((span) => parts.some((part) => part.kind !== 'gap' && part.kind !== 'late' && part.to >= now - SPANS[span])) ?? 'all';
}

export function shown(parts: Part[], span: Span, now: number): { from: number; to: number } {
  const first = parts[0]?.from ?? now;
  const from = Math.max(first, now - SPANS[span]);
  // A first backup of this minute still has a line
  return { from: Math.min(from, now - 60_000), to: now };
}

export interface Drawn extends Part {
  left: number;
  width: number;
}

/** The parts that can be seen, as shares of the width; none is narrower than `narrowest`. */
export function drawn(parts: Part[], from: number, to: number, narrowest: number): Drawn[] {
  const span = Math.max(1, to - from);
  return parts.filter((part) => part.to >= from && part.from <= to).map((part) => {
    const left = Math.max(0, (part.from - from) / span);
    const width = Math.max(narrowest, Math.min(1, (part.to - from) / span) - left);
    return { ...part, left: Math.min(left, 1 - width), width };
  });
}

export interface MarkOf {
  backups: Backup[];
  left: number;
}

/** Backups of the server as marks; those that are nearer to each other than `least` share one. */
export function marksOf(backups: Backup[], from: number, to: number, least: number): MarkOf[] {
  const marks: MarkOf[] = [];
  backups.filter((each) => !isLogical(each.kind))
    .map((backup) => ({ backup, left: (Date.parse(backup.endedAt ?? backup.takenAt) - from) / Math.max(1, to - from) }))
    .filter(({ left }) => left >= 0 && left <= 1)
    .sort((one, other) => one.left - other.left)
    .forEach(({ backup, left }) => {
      const last = marks.at(-1);
      if (last && left - last.left < least) last.backups.push(backup);
      else marks.push({ backups: [backup], left });
    });
  return marks;
}

const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 86_400];

/** How far an arrow key goes: a few hundred steps from one end to the other. */
export function stepOf(from: number, to: number): number {
  return (STEPS.find((seconds) => (to - from) / (seconds * 1000) <= 300) ?? 86_400) * 1000;
}

/** A key's move: over a gap to its other side, and no further than what can be seen and is stored. */
export function moved(parts: Part[], at: number, by: number, from: number, to: number): number {
  const next = Math.min(to, Math.max(from, at + by));
  const { kind, earlier, later } = lies(parts, next);
  if (kind === 'stored' || kind === 'unknown') return next;
  const end = parts.filter((part) => part.kind !== 'late' && part.kind !== 'gap').at(-1)?.to ?? null;
  const sides = kind === 'late' ? [end] : by > 0 ? [later, earlier] : [earlier, later];
  return sides.find((side) => side !== null && side >= from && side <= to) ?? next;
}

/** Midnights to mark, at most `most` of them. */
export function midnights(from: number, to: number, most: number, utc: boolean): { at: number; left: number }[] {
  const days = [1, 2, 3, 7, 14, 28, 91, 182, 365].find((each) => (to - from) / (each * DAY) <= most) ?? 1825;
  const day = new Date(from);
  const midnight = (n: number) => (utc ? Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + n) : new Date(day.getFullYear(), day.getMonth(), day.getDate() + n).getTime());
  const marks = [];
  for (let n = 1; midnight(n) <= to; n += days) marks.push({ at: midnight(n), left: (midnight(n) - from) / Math.max(1, to - from) });
  return marks;
}

/** Why the log of a gap is missing, as its archiving found out; null where nobody wrote it down. */
export function causeOf(gap: RecoveryWindow['gaps'][number], stretches: WalStretch[]): string | null {
  return stretches.find((each) => each.gap && position(each.from) >= position(gap.from.lsn) && position(each.from) <= position(gap.to.lsn))?.gap ?? null;
}

export function lengthOf(gap: RecoveryWindow['gaps'][number]): string | null {
  return gap.from.at && gap.to.at ? duration(Math.max(0, Date.parse(gap.to.at) - Date.parse(gap.from.at))) : null;
}

export interface Said {
  tone: 'warn' | 'bad' | 'idle';
  text: string;
}

/** What is wrong with the newest end of the line, or null. */
export function endWords(wal: Wal, instance: string, archived: boolean | null): Said | null {
  const measured = wal.rpoSeconds != null;
  // The catalogue's word, which is worth nothing where the stores hold none of it
  const stored = measured && archived !== false ? clock(wal.rpoSeconds! * 1000) : null;
  const why = wal.message ? `: ${wal.message.replace(/\.$/, '')}` : '';
  if (wal.state === 'GIVING_UP') return { tone: 'bad', text: `Archiving the log of ${instance} is being given up${why}. Nothing new is stored then; what is stored stays.` };
  if (wal.state === 'GIVEN_UP') return { tone: 'bad', text: `Archiving the log of ${instance} was given up: nothing new of it is stored; what was stored stays. Switch it on again, and take a full backup.` };
  if (!wal.enabled) {
    if (archived === null) return { tone: 'warn', text: `Archiving the log of ${instance} is off: nothing new of it is stored. Whether any was archived before is not known.` };
    return archived
      ? { tone: 'warn', text: `Archiving the log of ${instance} is off: nothing new of it is stored. What was archived before is on the line.` }
      : { tone: 'idle', text: `No archived log of ${instance} is found in the stores that answer: only the moments of its backups can be restored to, and what happens between them is lost with the server.` };
  }
  if (wal.state === 'FAILING') return { tone: 'bad', text: `The log of ${instance} cannot be archived${why}. ${stored === null ? 'How far it is stored is not known.' : `By the catalogue it is stored up to ${stored} ago.`} It is tried again.` };
  if (measured && archived === false) return { tone: 'bad', text: `The log of ${instance} is being archived, but none of it is found in the stores that answer: only the moments of its backups can be restored to.` };
  if (!measured) return { tone: 'idle', text: wal.state === 'STREAMING' || wal.state === 'RECEIVING' ? `The log of ${instance} is being archived; how far it is stored is not measured yet.` : `Archiving the log of ${instance} begins; nothing of it was measured yet.` };
  return wal.rpoSeconds! > wal.rpoGoalSeconds
    ? { tone: 'bad', text: `By the catalogue it is stored up to ${stored} ago, more than the goal of ${age(wal.rpoGoalSeconds * 1000)}: what happened since cannot be restored. The log archive says why.` }
    : null;
}

/** What the stores that were read lack of the log, said where it matters. */
export function lacksWords(lacks: string, where: 'line' | 'latest' | 'point'): string {
  if (where === 'line') return `Not all log that was stored is on the line, only what can be read now. ${lacks}`;
  return where === 'latest' ? `The latest is the end of the log that can be read now, and more of it was stored. ${lacks}` : `Not all log that was stored can be read now. ${lacks}`;
}

/** The line in a sentence. */
export function lineWords(window: RecoveryWindow, archived: boolean | null): string {
  const gaps = window.gaps.length;
  if (archived === null) return 'Whether the log in between is archived is not known.';
  if (!archived) return gaps === 0 ? 'What was logged while the backup was taken.' : `${plural(gaps + 1, 'short stretch', 'short stretches')}: what was logged while backups were taken.`;
  return gaps === 0 ? 'Any moment in between.' : `Any moment in between, but for ${plural(gaps, 'gap')}.`;
}

/** Histories that something is stored of, the newest first. */
export function timelinesOf(backups: Backup[], stretches: WalStretch[], now: number | null): number[] {
  const all = [...backups.filter((each) => !isLogical(each.kind)).map((each) => each.timeline), ...stretches.map((each) => each.timeline), now].filter((each) => each != null);
  return [...new Set(all)].sort((one, other) => other - one);
}
