import { useState } from 'preact/hooks';
import { inProject } from '../api/client';
import { kinds, useAll, useList, usePages } from '../api/load';
import type { Database, Job, RunItem, RunStatus, Schedule } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { words } from '../text/format';
import { asked, filterOf, isDay } from '../text/run-filter';
import type { RunFilter } from '../text/run-filter';
import { Button, Card, PageHead } from '../ui/bits';
import { Select } from '../ui/field';
import { later } from '../ui/later';
import { Empty, Panel } from '../ui/panel';
import { RUN } from '../ui/state';
import { Export } from '../ui/table';
import { RUN_COLUMNS, RunTable, TRIGGERS } from './run-table';
import { StartRun, useStart } from './start-run';

const ChangeAll = later(() => import('./runs-in-bulk').then((its) => its.ChangeAll));

const STATUSES: RunStatus[] = ['QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'STOPPED', 'COMPLETED', 'PARTIAL', 'FAILED', 'LOST', 'MISSED', 'SKIPPED'];
const BAD = 'FAILED,PARTIAL,LOST';
const NONE = { job: null, status: null, database: null, trigger: null, schedule: null, from: null, to: null };

export function RunsPage() {
  const name = project.value!.name;
  const filter = filterOf(query.value);
  const runs = usePages<RunItem>(inProject(name, ['runs'], asked(filter)), kinds('run', 'target'));
  const jobs = useList<Job>('/jobs');
  const databases = useAll<Database>(inProject(name, ['databases']));
  const start = useStart();
  const [change, setChange] = useState<'stop' | 'restart' | null>(null);
  const filtered = Object.keys(filter).length > 0;
  const clear = () => setQuery(NONE);
  const title = (job: string) => jobs.data?.find((each) => each.name === job)?.title ?? words(job);
  return (
    <>
      <PageHead title="Runs" sub="Every execution of a job, the newest first">
        {can('OPERATOR') && <Button kind="primary" icon="runs" onClick={start.open}>Start a run</Button>}
      </PageHead>
      <Card flush>
        <div class="filters">
          <Select compact label="Job" value={filter.job ?? ''} onChange={(job) => setQuery({ job })} options={[{ value: '', label: 'All jobs' }, ...(jobs.data ?? []).map((job) => ({ value: job.name, label: job.title }))]} />
          <Select compact label="State" value={filter.status ?? ''} onChange={(status) => setQuery({ status })} options={[{ value: '', label: 'All states' }, { value: BAD, label: 'Failed, wholly or partly' }, ...given(filter.status, [BAD, ...STATUSES]), ...STATUSES.map((status) => ({ value: status, label: words(RUN[status].word) }))]} />
          <Select compact label="Database" value={filter.database ?? ''} onChange={(database) => setQuery({ database })} options={[{ value: '', label: 'All databases' }, ...given(filter.database, (databases.data ?? []).map((each) => each.name)), ...(databases.data ?? []).map((each) => each.name)]} />
          <MoreFilters filter={filter} />
          {filtered && <Button kind="quiet" icon="close" onClick={clear}>Clear</Button>}
          <span class="push"><Export name={`runs-${name}`} rows={runs.data ?? []} columns={RUN_COLUMNS} /></span>
        </div>
        {can('OPERATOR') && filtered && (runs.data?.length ?? 0) > 0 && (
          <div class="filters bulk">
            <Button kind="quiet" onClick={() => setChange('stop')}>Stop all shown</Button>
            <Button kind="quiet" icon="refresh" onClick={() => setChange('restart')}>Restart all failed</Button>
          </div>
        )}
        <Panel loaded={runs} rows={8}>
          {(items) => {
            if (items.length > 0) return <RunTable runs={items} more={runs.more} loadingMore={runs.loadingMore} />;
            if (filtered) return <Empty title="No run fits these filters" action={<Button onClick={clear}>Clear the filters</Button>} />;
            return (
              <Empty title="Nothing has run yet" action={can('OPERATOR') && <><Button kind="primary" onClick={start.open}>Start a run</Button><a class="button" href={address(name, 'schedules')}>Make a schedule</a></>}>
                Each backup, drill and vacuum stands here with its progress, its log and, if it failed, the reason.
              </Empty>
            );
          }}
        </Panel>
      </Card>
      {start.shown && <StartRun onClose={start.close} databases={filter.database ? [filter.database] : undefined} job={filter.job} />}
      {change && <ChangeAll act={change} filter={filter} title={title} onClose={() => { setChange(null); runs.reload(); }} />}
    </>
  );
}

/** What the address asks for and no list offers, so that the field says what is shown. */
function given(value: string | undefined, offered: string[]) {
  return value && !offered.includes(value) ? [{ value, label: value.toLowerCase().replace(/,/g, ', ') }] : [];
}

/** What is asked for less often. */
function MoreFilters({ filter }: { filter: RunFilter }) {
  const days = isDay(filter.from) || isDay(filter.to);
  const [open, setOpen] = useState(Boolean(filter.trigger || filter.schedule || days));
  const schedules = useList<Schedule>(open ? inProject(project.value!.name, ['schedules']) : null);
  if (!open) return <Button kind="quiet" onClick={() => setOpen(true)}>More filters</Button>;
  const names = (schedules.data ?? []).map((each) => each.name);
  return (
    <>
      <Select compact label="Started" value={filter.trigger ?? ''} onChange={(trigger) => setQuery({ trigger })} options={[{ value: '', label: 'Started by anything' }, ...Object.entries(TRIGGERS).map(([value, label]) => ({ value, label: words(label) }))]} />
      <Select compact label="Schedule" value={filter.schedule ?? ''} onChange={(schedule) => setQuery({ schedule })} options={[{ value: '', label: 'All schedules' }, ...given(filter.schedule, names), ...names]} />
      <Day label="From" value={filter.from} onChange={(from) => setQuery({ from })} />
      <Day label="To" value={filter.to} onChange={(to) => setQuery({ to })} />
    </>
  );
}

function Day({ label, value, onChange }: { label: string; value: string | undefined; onChange: (day: string) => void }) {
  return <label class="day"><span>{label}</span><input type="date" value={isDay(value) ? value : ''} onChange={(event) => onChange(event.currentTarget.value)} /></label>;
}
