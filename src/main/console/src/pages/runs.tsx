import { inProject } from '../api/client';
import { kinds, useAll, useList, usePages } from '../api/load';
import type { Database, Job, RunItem, RunStatus } from '../api/types';
import { sinceOf } from '../frame/range';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { words } from '../text/format';
import { Button, Card, PageHead } from '../ui/bits';
import { Select } from '../ui/field';
import { Empty, Panel } from '../ui/panel';
import { RUN } from '../ui/state';
import { Export } from '../ui/table';
import { RUN_COLUMNS, RunTable } from './run-table';
import { StartRun, useStart } from './start-run';

const STATUSES: RunStatus[] = ['QUEUED', 'STARTED', 'STOPPING', 'STOPPED', 'COMPLETED', 'PARTIAL', 'FAILED', 'LOST', 'MISSED', 'SKIPPED'];

export function RunsPage() {
  const name = project.value!.name;
  const asked = query.value;
  const filters = { job: asked.get('job'), status: asked.get('status'), database: asked.get('database') };
  const range = asked.get('since');
  const runs = usePages<RunItem>(inProject(name, ['runs'], { ...filters, since: sinceOf(range) }), kinds('run', 'target'));
  const jobs = useList<Job>('/jobs');
  const databases = useAll<Database>(inProject(name, ['databases']));
  const start = useStart();
  const filtered = Boolean(filters.job || filters.status || filters.database || range);
  return (
    <>
      <PageHead title="Runs" sub="Every execution of a job, the newest first">
        {can('OPERATOR') && <Button kind="primary" icon="runs" onClick={start.open}>Start a run</Button>}
      </PageHead>
      <Card flush>
        <div class="filters">
          <Select compact label="Job" value={filters.job ?? ''} onChange={(job) => setQuery({ job })} options={[{ value: '', label: 'All jobs' }, ...(jobs.data ?? []).map((job) => ({ value: job.name, label: job.title }))]} />
          <Select compact label="State" value={filters.status ?? ''} onChange={(status) => setQuery({ status })} options={[{ value: '', label: 'All states' }, ...STATUSES.map((status) => ({ value: status, label: words(RUN[status].word) }))]} />
          <Select compact label="Database" value={filters.database ?? ''} onChange={(database) => setQuery({ database })} options={[{ value: '', label: 'All databases' }, ...(databases.data ?? []).map((each) => each.name)]} />
          {filtered && <Button kind="quiet" icon="close" onClick={() => setQuery({ job: null, status: null, database: null, since: null })}>Clear</Button>}
          <span class="push"><Export name={`runs-${name}`} rows={runs.data ?? []} columns={RUN_COLUMNS} /></span>
        </div>
        <Panel loaded={runs} rows={8}>
          {(items) => {
            if (items.length > 0) return <RunTable runs={items} more={runs.more} loadingMore={runs.loadingMore} />;
            if (filtered) return <Empty title="No run fits these filters" action={<Button onClick={() => setQuery({ job: null, status: null, database: null, since: null })}>Clear the filters</Button>} />;
            return (
              <Empty title="Nothing has run yet" action={can('OPERATOR') && <><Button kind="primary" onClick={start.open}>Start a run</Button><a class="button" href={address(name, 'schedules')}>Make a schedule</a></>}>
                Each backup, drill and vacuum stands here with its progress, its log and, if it failed, the reason.
              </Empty>
            );
          }}
        </Panel>
      </Card>
      {start.shown && <StartRun onClose={start.close} databases={filters.database ? [filters.database] : undefined} job={filters.job ?? undefined} />}
    </>
  );
}
