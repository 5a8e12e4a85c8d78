import type { Run, RunItem } from '../api/types';
import { now } from '../clock';
import { project } from '../frame/session';
import { address } from '../routes';
import { clock, duration, percent, plural, words } from '../text/format';
import { yieldOf } from '../text/yield';
import { overdue, usually } from '../text/usual';
import { Bar, When } from '../ui/bits';
import { RUN, RunState, lookOf } from '../ui/state';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

/** How a run came to be, beside who or what it was. */
export const TRIGGERS: Record<Run['trigger'], string> = { PERSON: 'by hand', KEY: 'with an API key', SCHEDULE: 'by a schedule', START: 'when Nightshift first started', RETENTION: 'once a day, for the retention' };

const ACTIVE = ['STARTED', 'STOPPING'];

export function isActive(run: Pick<Run, 'status'>): boolean {
  return ACTIVE.includes(run.status);
}

export function isOver(run: Pick<Run, 'status'>): boolean {
  return !['QUEUED', 'WAITING', ...ACTIVE].includes(run.status);
}

export function elapsed(run: Run | RunItem): number | null {
  if (isActive(run) && run.startedAt) return now.value - Date.parse(run.startedAt);
  return run.durationMillis;
}

/** The databases a run aims at, the first two by name. */
export function aims({ summary: { targets, databases, databaseCount } }: RunItem): string {
  return databaseCount === 0 ? (Object.keys(targets).length > 0 ? 'the project' : '–') : databaseCount < 4 ? databases.join(', ') : `${databases.slice(0, 2).join(', ')} and ${plural(databaseCount - 2, 'more', 'more')}`;
}

export function triggerWords(run: Run | RunItem): string {
  if (run.trigger === 'SCHEDULE') return `schedule ${run.schedule ?? ''}`.trim();
  if (run.trigger === 'START') return 'start-up round';
  if (run.trigger === 'RETENTION') return 'retention';
  return run.triggeredBy ?? run.trigger.toLowerCase();
}

function Outcome({ run }: { run: RunItem }) {
  if (isActive(run)) {
    return <span class="run-progress"><Bar share={run.progress} label={`Progress of ${words(run.job)}`} /><span class="tabular">{run.progress == null ? 'working' : percent(run.progress)}</span></span>;
  }
  const reason = run.reason ?? run.summary.reason;
  if (reason) return <span class="clip" title={reason}>{reason}</span>;
  return yieldOf(run) ? <span class="muted tabular">{yieldOf(run)}</span> : <span class="muted nothing">–</span>;
}

/** What is at work for longer than it should be says so; what is over needs nobody. */
function Took({ run }: { run: RunItem }) {
  const took = elapsed(run);
  if (took == null) return <span class="muted">–</span>;
  if (!isActive(run)) return <>{duration(took)}</>;
  return overdue(took, run) ? <span class="overdue" title={`It takes ${usually(took, run)}: of runs of this job over the same targets.`}>{clock(took)}<small>overdue</small></span> : <>{clock(took)}</>;
}

export const RUN_COLUMNS: Column<RunItem>[] = [
  { key: 'job', title: 'Job', cell: (run) => words(run.job), text: (run) => run.job },
  { key: 'status', title: 'State', cell: (run) => <RunState status={run.status} />, text: (run) => lookOf(RUN, run.status).word, phone: 'top' },
  { key: 'databases', title: 'Databases', cell: aims, text: aims, phone: 'wide' },
  { key: 'outcome', title: 'Outcome', cell: (run) => <Outcome run={run} />, text: (run) => run.reason ?? yieldOf(run), phone: 'wide' },
  { key: 'started', title: 'Started', cell: (run) => <When at={run.startedAt ?? run.createdAt} plain />, text: (run) => run.startedAt ?? run.createdAt, numeric: true },
  {
    key: 'took', title: 'Took', unit: 'ms', numeric: true, text: (run) => run.durationMillis,
    cell: (run) => <Took run={run} />,
  },
  { key: 'by', title: 'Started by', cell: triggerWords, text: triggerWords },
];

export function RunTable({ runs, more, loadingMore }: { runs: RunItem[]; more?: () => void; loadingMore?: boolean }) {
  return (
    <Table caption="Runs" rows={runs} columns={RUN_COLUMNS} keyOf={(run) => run.id} href={(run) => address(project.value!.name, 'runs', run.id)}
      tone={(run) => { const { tone } = lookOf(RUN, run.status); return tone === 'bad' || tone === 'warn' ? tone : undefined; }} more={more} loadingMore={loadingMore} />
  );
}
