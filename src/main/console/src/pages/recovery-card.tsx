import type { ComponentChildren } from 'preact';
import { computed } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asProblem, inProject, post } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { Loaded } from '../api/load';
import type { Backup, RecoveryWindow, RestorePlan, Wal, WalStretch } from '../api/backups';
import type { Page, Problem, Values } from '../api/types';
import { now } from '../clock';
import { can, project } from '../frame/session';
import { utc, zone } from '../prefs';
import { address } from '../routes';
import { go } from '../router';
import { bytes, duration, exact, exactly, hourMinute, plural, words } from '../text/format';
import { partWords, readWords, timeWords } from '../text/plan';
import { asked, causeOf, drawn, endWords, firstSpan, lacksWords, lengthOf, lies, lineWords, marksOf, midnights, moved, partsOf, shown, snapped, spansOf, stepOf, timelinesOf } from '../text/recovery';
import type { MarkOf, Part, Span } from '../text/recovery';
import { ticks } from '../text/timeline';
import { Button, Card, Facts, When } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Choice, Field, Select } from '../ui/field';
import { Empty, Panel, Skeleton, Trouble } from '../ui/panel';
import { Mark, brokenAt } from '../ui/state';
import { requestRun } from './start-run';
import { WalForm } from './wal-card';
import '../styles/recovery.css';

const SETTLED = 400;
const KINDS = [
  { value: 'time', label: 'A time' },
  { value: 'latest', label: 'The latest that is stored' },
  { value: 'lsn', label: 'A position in the log' },
  { value: 'xid', label: 'A transaction' },
  { value: 'name', label: 'A restore point' },
];
const HELP: Record<string, string> = {
  time: 'ISO 8601 with its zone. Transactions that ended later are left out.',
  lsn: 'As the server prints it: 16/B374D848.',
  xid: 'Its number; it is the last one that is in.',
  name: 'As pg_create_restore_point was given it.',
};

/** So many are marked; older ones are in the list of backups. */
const MARKED = 100;
/** The smallest target that a finger hits (WCAG 2.2, 2.5.8: 24 px). */
const MARK_PIXELS = 24;
const NARROWEST_PIXELS = 4;
const SNAP_PIXELS = 8;
const TICK_PIXELS = 72;
const SPAN_WORDS: Record<Span, string> = { day: '24 h', week: '7 days', all: 'All' };
const PART_WORDS = { stored: 'stored', gap: 'not stored', unknown: 'stored up to a moment in here that is not measured', late: 'not known to be stored' };

/** Calm: the line moves once a minute. */
const minute = computed(() => Math.ceil(now.value / 60_000) * 60_000);

/** Between which moments a database can be restored to any, as a line to choose one on. */
export function RecoveryCard({ database, instance, wal }: { database: string; instance: string; wal: Loaded<Wal> }) {
  const at = project.value!.name;
  const [timeline, setTimeline] = useState<number | null>(null);
  const window = useLoad<RecoveryWindow>(inProject(at, ['databases', database, 'recovery-window'], { timeline }), kinds('backup', 'instance'));
  const backups = useLoad<Page<Backup>>(inProject(at, ['backups'], { database, limit: MARKED }), kinds('backup'));
  const [open, setOpen] = useState<{ at: string | null } | null>(null);
  const [archiving, archive] = useState(false);
  const ready = window.data?.from != null;
  // Without an archive nothing is missing: each backup stands for itself
  const archived = window.data?.archived ?? null;
  const said = wal.data && ready ? endWords(wal.data, instance, archived) : null;
  const stretches = wal.data?.stretches ?? [];
  const timelines = timelinesOf(backups.data?.items ?? [], stretches, window.data?.timeline ?? null);
  return (
    <Card title="Can be restored to" aside={<>
      {timelines.length > 1 && <Select compact label="Timeline" value={timeline === null ? '' : String(timeline)} onChange={(value) => setTimeline(value === '' ? null : Number(value))} options={[{ value: '', label: 'The newest' }, ...timelines.map((each) => ({ value: String(each), label: `Timeline ${each}` }))]} />}
      {can('OPERATOR') && ready && <Button kind="quiet" onClick={() => setOpen({ at: null })}>Restore to a point</Button>}
    </>}>
      <Panel loaded={window} skeleton={<div class="line-skeleton"><Skeleton rows={5} /></div>}>{(data) => (data.from == null
        ? <NothingYet timeline={timeline} some={(backups.data?.items.length ?? 0) > 0} action={wal.data && !wal.data.enabled && can('ADMIN') && <Button onClick={() => archive(true)}>Archive the log</Button>} />
        : <>
          <Line window={data} archived={archived} listed={timelines.length > 1} backups={backups.data?.items ?? []} more={backups.data?.next != null} database={database} restore={(moment) => setOpen({ at: moment })} />
          {data.lacks && <Warning>{lacksWords(data.lacks, 'line')}</Warning>}
          {said && <p class={`line-said ${said.tone}`}><Mark shape={said.tone === 'idle' ? 'ring' : 'triangle'} tone={said.tone} /><span class="break">{said.text}</span>{wal.data && !wal.data.enabled && can('ADMIN') && <Button kind="quiet" onClick={() => archive(true)}>Archive the log</Button>}</p>}
          {wal.problem && <Warning>How the log is archived cannot be read now: {wal.problem.detail} {wal.data && 'What is shown of it is older.'}</Warning>}
          {archived !== false && <Gaps gaps={data.gaps} stretches={stretches} />}
        </>)}
      </Panel>
      {open && window.data && <RestoreForm database={database} window={window.data} timeline={timeline} at={open.at} onClose={() => setOpen(null)} />}
      {archiving && wal.data && <WalForm instance={instance} wal={wal.data} onClose={() => archive(false)} done={() => { archive(false); wal.reload(); }} />}
    </Card>
  );
}

function Warning({ children }: { children: ComponentChildren }) {
  return <p class="line-said warn"><Mark shape="triangle" tone="warn" /><span class="break">{children}</span></p>;
}

function NothingYet({ timeline, some, action }: { timeline: number | null; some: boolean; action: ComponentChildren }) {
  if (timeline !== null) return <Empty title={`Nothing on timeline ${timeline}`}>No backup leads to it.</Empty>;
  if (some) return <Empty title="No moment" action={action}>There are backups, but none that a restore to a moment could begin from. Take a full one.</Empty>;
  return <Empty title="Nothing yet" action={action}>With the first backup there is something to restore to; with the log archived, every moment after it.</Empty>;
}

function Line({ window, archived, listed, backups, more, database, restore }: { window: RecoveryWindow; archived: boolean | null; listed: boolean; backups: Backup[]; more: boolean; database: string; restore: (moment: string) => void }) {
  const till = minute.value;
  const parts = partsOf(window, till);
  const [wanted, setSpan] = useState<Span | null>(null);
  const [chosen, choose] = useState<number | null>(null);
  const [width, setWidth] = useState(1000);
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const measure = () => setWidth(frame.current!.clientWidth || 1000);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  const offered = spansOf(parts, till);
  const span = wanted && offered.includes(wanted) ? wanted : firstSpan(parts, till);
  const { from, to } = shown(parts, span, till);
  const marks = marksOf(backups, from, to, MARK_PIXELS / width);
  const long = to - from > 3 * 86_400_000;
  const scale = long ? midnights(from, to, Math.max(2, Math.floor(width / TICK_PIXELS)), utc.value) : ticks(new Date(from).toISOString(), new Date(to).toISOString(), Math.max(2, Math.floor(width / TICK_PIXELS)));
  return (
    <div class={`line ${archived === false ? 'bare' : ''}`}>
      <div class="line-head">
        <p><b><When at={window.from!.at} none={window.from!.lsn} /></b> to <b><When at={endOf(parts) ?? window.to?.at} none={window.to?.lsn ?? 'not known'} /></b><small>{lineWords(window, archived)} Timeline {window.timeline}.{listed && ` The list of timelines is made of the newest ${MARKED} backups and of the archive that is written now.`}</small></p>
        {offered.length > 1 && <Choice label="How much of it" value={span} onChange={(value) => { setSpan(value as Span); choose(null); }} options={offered.map((each) => ({ value: each, label: SPAN_WORDS[each] }))} />}
      </div>
      <div class="line-frame" ref={frame}>
        <Slider parts={parts} from={from} to={to} narrowest={NARROWEST_PIXELS / width} chosen={chosen} choose={choose} take={(moment) => can('OPERATOR') && takes(parts, moment) && restore(asked(parts, moment))} />
        <div class="line-scale" aria-hidden="true">{scale.map((each) => <i key={each.at} style={{ left: `${each.left * 100}%` }}><span>{Math.min(each.left, 1 - each.left) * width > 24 && (long ? dayOf(each.at, to) : hourMinute(each.at, zone()))}</span></i>)}</div>
      </div>
      <Picked parts={parts} chosen={chosen} choose={choose} restore={restore} />
      <div class="line-frame line-hung"><Marks marks={marks} database={database} /></div>
      <p class="line-clocks small muted">Where log begins is known by Nightshift’s clock, where it ends by the server’s: between the two clocks the line may be off by as much as they differ. The plan of a restore says what can be reached.</p>
      <p class="line-legend small muted"><span><i class="stored" />stored</span><span><i class="gap" />not stored</span>{parts.some((each) => each.kind === 'unknown') && <span><i class="unknown" />how far is not measured</span>}<span><i class="mark-key" />backup{more && `, the newest ${MARKED}`}</span></p>
    </div>
  );
}

/** The newest moment that is stored for sure. */
function endOf(parts: Part[]): string | null {
  const last = parts.filter((each) => each.kind === 'stored' || each.kind === 'unknown').at(-1);
  return last?.kind === 'stored' ? new Date(last.to).toISOString() : null;
}

function takes(parts: Part[], at: number): boolean {
  return ['stored', 'unknown'].includes(lies(parts, at).kind);
}

/** With the year where it is another one than at the line's end. */
function dayOf(at: number, end: number): string {
  const year = (each: number) => new Intl.DateTimeFormat('en-GB', { year: 'numeric', timeZone: zone() }).format(each);
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...(year(at) === year(end) ? {} : { year: '2-digit' }), timeZone: zone() }).format(at);
}

/** The line itself: click, drag, or arrow keys choose a moment; Enter goes on with it. */
function Slider({ parts, from, to, narrowest, chosen, choose, take }: { parts: Part[]; from: number; to: number; narrowest: number; chosen: number | null; choose: (at: number) => void; take: (at: number) => void }) {
  const line = useRef<HTMLDivElement>(null);
  const at = Math.min(to, Math.max(from, chosen ?? Date.parse(endOf(parts) ?? new Date(to).toISOString())));
  const there = (event: PointerEvent) => {
    const box = line.current!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    choose(snapped(parts, from + share * (to - from), (SNAP_PIXELS / box.width) * (to - from)));
  };
  const step = stepOf(from, to);
  const keys: Record<string, number> = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -20 * step, PageUp: 20 * step, Home: -Infinity, End: Infinity };
  return (
    <div class="line-bar" ref={line} role="slider" tabIndex={0} aria-label="Moment to restore to" aria-valuemin={Math.round(from / 1000)} aria-valuemax={Math.round(to / 1000)} aria-valuenow={Math.round(at / 1000)}
      aria-valuetext={`${exact(at, zone())}, ${kindWords(parts, at)}`}
      onPointerDown={(event) => { if (event.button !== 0) return; line.current!.setPointerCapture(event.pointerId); there(event); }}
      onPointerMove={(event) => { if (line.current!.hasPointerCapture(event.pointerId)) there(event); }}
      onKeyDown={(event) => {
        const by = keys[event.key];
        if (event.key === 'Enter') {
          choose(at);
          take(at);
        } else if (by !== undefined) choose(moved(parts, at, by, from, to));
        else return;
        event.preventDefault();
      }}>
      {drawn(parts, from, to, narrowest).map((part) => <i key={`${part.kind}${part.from}`} class={part.kind} style={{ left: `${part.left * 100}%`, width: `${part.width * 100}%` }} />)}
      {chosen !== null && chosen >= from && chosen <= to && <b style={{ left: `${((chosen - from) / (to - from)) * 100}%` }} />}
    </div>
  );
}

function kindWords(parts: Part[], at: number): string {
  const { kind } = lies(parts, at);
  return kind === 'before' ? 'before the first backup' : PART_WORDS[kind];
}

function Marks({ marks, database }: { marks: MarkOf[]; database: string }) {
  const name = project.value!.name;
  return (
    <ul class="line-marks" aria-label="Backups on the line">
      {marks.map(({ backups, left }) => {
        const [first] = backups;
        const wrong = backups.some((each) => each.state === 'DAMAGED' || brokenAt(each.proof));
        const many = backups.length > 1;
        const told = many ? `${backups.length} backups from ${exact(first!.takenAt, zone())} on` : `${words(first!.kind.toLowerCase())} backup of ${exact(first!.endedAt ?? first!.takenAt, zone())}`;
        const label = wrong ? `${told}, ${many ? 'one of them ' : ''}${backups.some((each) => each.state === 'DAMAGED') ? 'damaged' : 'failed in its drill'}` : told;
        return (
          <li key={first!.id} style={{ left: `${left * 100}%` }}>
            <a class={wrong ? 'bad' : ''} href={many ? `${address(name, 'backups')}?database=${encodeURIComponent(database)}` : address(name, 'backups', first!.id)} aria-label={label} title={label}><span>{many ? backups.length : ''}</span></a>
          </li>
        );
      })}
    </ul>
  );
}

/** What was chosen, in words, and the way on. */
function Picked({ parts, chosen, choose, restore }: { parts: Part[]; chosen: number | null; choose: (at: number) => void; restore: (moment: string) => void }) {
  const operator = can('OPERATOR');
  const { earlier, later } = lies(parts, chosen ?? 0);
  const good = chosen !== null && takes(parts, chosen);
  return (
    <div class="picked">
      <p role="status" class={chosen === null ? 'muted' : ''}>{chosen === null
        ? operator ? 'Click on the line, or move along it with the arrow keys, to restore to a moment.' : 'Click on the line to see whether a moment is stored. Restoring takes an operator.'
        : <><b class="tabular">{good ? exactly(asked(parts, chosen), zone()) : exact(chosen, zone())}</b><small>{words(kindWords(parts, chosen))}</small></>}</p>
      {chosen === null ? null : good
        ? operator && <Button kind="primary" onClick={() => restore(asked(parts, chosen))}>Restore to this moment</Button>
        : <p class="actions">{earlier !== null && <Button onClick={() => choose(earlier)}>The last before it</Button>}{later !== null && <Button onClick={() => choose(later)}>The first after it</Button>}</p>}
    </div>
  );
}

const SHOWN_GAPS = 5;

function Gaps({ gaps, stretches }: { gaps: RecoveryWindow['gaps']; stretches: WalStretch[] }) {
  const [all, showAll] = useState(false);
  if (gaps.length === 0) return null;
  const newest = [...gaps].reverse();
  return (
    <div class="line-gaps">
      <h3>{plural(gaps.length, 'gap')}</h3>
      <ul class="plain small">
        {newest.slice(0, all ? undefined : SHOWN_GAPS).map((gap) => { const cause = causeOf(gap, stretches); const long = lengthOf(gap); return <li key={gap.from.lsn}>Nothing between <Edge point={gap.from} /> and <Edge point={gap.to} />{long && `, ${long}`}{cause && `: ${cause}`}.</li>; })}
      </ul>
      {gaps.length > SHOWN_GAPS && !all && <Button kind="quiet" onClick={() => showAll(true)}>{gaps.length - SHOWN_GAPS} older</Button>}
    </div>
  );
}

function Edge({ point }: { point: { lsn: string; at: string | null } }) {
  return point.at ? <span title={point.lsn}>{exact(point.at, zone())}</span> : <span class="mono">{point.lsn}</span>;
}

function RestoreForm({ database, window, timeline, at: moment, onClose }: { database: string; window: RecoveryWindow; timeline: number | null; at: string | null; onClose: () => void }) {
  const at = project.value!.name;
  const first = window.from?.at ?? null;
  const last = window.to?.at ?? null;
  const [kind, setKind] = useState(moment || (first && last) ? 'time' : 'latest');
  const [point, setPoint] = useState(moment ?? last ?? '');
  const [folder, setFolder] = useState('');
  const [plan, setPlan] = useState<RestorePlan | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = kind === 'latest' || point.trim() !== '';
  useEffect(() => {
    setPlan(null);
    setProblem(null);
    if (!asked) return;
    let old = false;
    const timer = globalThis.setTimeout(() => {
      post<RestorePlan>(inProject(at, ['databases', database, 'restore-plan']), { to: kind === 'latest' ? { latest: true } : { [kind]: point.trim() }, timeline })
        .then((found) => { if (!old) setPlan(found); }, (failure: unknown) => { if (!old) setProblem(asProblem(failure)); });
    }, SETTLED);
    return () => { old = true; globalThis.clearTimeout(timer); };
  }, [kind, point]);
  const parameters = (more: Values): Values => ({ to: kind, ...(kind === 'latest' ? {} : { point: point.trim() }), ...(timeline === null ? {} : { timeline }), ...more });
  const started = (run: { id: string }) => { onClose(); go(address(at, 'runs', run.id)); notify('The run was started.'); };
  const restore = useAction(() => requestRun(at, 'restore', [database], parameters({ folder: folder.trim() })), started);
  const rehearse = useAction(() => requestRun(at, 'restore-drill', [database], parameters({})), started);
  const reachable = plan?.reachable === true;
  return (
    <Dialog title={`Restore ${database} to a point`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (reachable && folder.trim() && !restore.busy) void restore.run(); }}>
        <Select label="Up to" value={kind} options={KINDS} onChange={(value) => { setKind(value); setPoint(value === 'time' ? moment ?? last ?? '' : ''); }} />
        {kind === 'time' && first && last && <Moment first={first} last={moment && Date.parse(moment) > Date.parse(last) ? moment : last} point={point} onPick={setPoint} />}
        {kind !== 'latest' && <Field label="Point" value={point} onInput={setPoint} mono help={HELP[kind]} />}
        {problem && <Trouble problem={problem} />}
        <div class="plan" role="status" aria-live="polite">
          {plan && (plan.reachable ? <Plan plan={plan} latest={kind === 'latest'} /> : <Trouble problem={{ title: 'Cannot be reached', status: 0, detail: plan.reason ?? '', remedy: plan.remedy ?? undefined }} calm />)}
          {!plan && !problem && asked && <p class="muted">Planning…</p>}
        </div>
        <Field label="Folder" value={folder} onInput={setFolder} mono required={false} help="Of Nightshift's machine, new or empty, below a folder that the installation allows. It gets the whole server's cluster; nothing is started. A rehearsal needs none." />
        {(restore.problem ?? rehearse.problem) && <Trouble problem={(restore.problem ?? rehearse.problem)!} />}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!reachable} busy={rehearse.busy ? 'Starting…' : false} onClick={() => void rehearse.run()}>Rehearse in a sandbox</Button>
          <Button submit kind="primary" disabled={!reachable || !folder.trim()} busy={restore.busy ? 'Starting…' : false}>Restore</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Any second of the window, by pointer or arrow keys. */
function Moment({ first, last, point, onPick }: { first: string; last: string; point: string; onPick: (at: string) => void }) {
  const from = Math.ceil(Date.parse(first) / 1000);
  const to = Math.max(from, Math.floor(Date.parse(last) / 1000));
  const value = Math.min(to, Math.max(from, Math.floor((Date.parse(point) || Date.parse(last)) / 1000)));
  return (
    <div class="field">
      <input type="range" min={from} max={to} step={1} value={value} aria-label="Moment" aria-valuetext={exact(value * 1000, zone())}
        onInput={(event) => onPick(new Date(Number(event.currentTarget.value) * 1000).toISOString())} />
      <p class="help"><span>{exact(value * 1000, zone())}</span></p>
    </div>
  );
}

function Plan({ plan, latest }: { plan: RestorePlan; latest: boolean }) {
  const at = project.value!.name;
  return (
    <>
      <Facts items={[
        ['Starts from', plan.backup ? <a href={address(at, 'backups', plan.backup)}>{plan.chain.length > 1 ? `a chain of ${plan.chain.length} backups` : 'a full backup'}</a> : 'not known'],
        ['Read from', plan.store ?? 'not known'],
        ['Finished', <When at={plan.backupFinishedAt} />],
        ['Log behind it', plan.segments == null || plan.segments.count === 0 ? 'none' : `${plan.certain ? '' : 'at most '}${plural(plan.segments.count, 'segment')}, ${bytes(plan.segments.bytes)}`],
        !!plan.segments?.count && ['Log read from', plan.logStores.join(', ')],
        !!plan.size && ['Bytes to read', readWords(plan.size)],
        !!plan.size && ['Room needed', `up to ${bytes(plan.size.roomBytes)}`],
        ['Its restore took', duration(plan.backupRestoreMillis)],
        !!plan.size && ['This would take', timeWords(plan.size)],
      ]} />
      {plan.size?.parts.some((part) => part.measured) && <ul class="small muted">{plan.size.parts.map((part) => <li key={part.part}>{partWords(part)}</li>)}</ul>}
      {plan.lacks && <Warning>{lacksWords(plan.lacks, latest ? 'latest' : 'point')}</Warning>}
      {!plan.certain && <p class="muted small">Whether the point is in that log shows when it is read; if it is not, the run fails and leaves nothing behind.</p>}
    </>
  );
}
