import type { ComponentChildren } from 'preact';
import { inProject } from '../api/client';
import { kinds, useList, useLoad } from '../api/load';
import type { Overview, RunItem } from '../api/types';
import { now } from '../clock';
import { can, project } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { age, count, hourMinute, plural, relative, words, zoneName } from '../text/format';
import { Button, ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Empty, Panel, Skeleton } from '../ui/panel';
import { Mark } from '../ui/state';
import type { Shape, Tone } from '../ui/state';
import { Night } from './night';
import { RunTable } from './run-table';
import { StartRun, useStart } from './start-run';


export function TonightPage() {
  const name = project.value!.name;
  const overview = useLoad<Overview>(inProject(name, ['overview']), kinds('run', 'backup', 'finding', 'schedule'));
  // To the full hour: an address that moved with every look would be a new list each time.
  const since = overview.data && toTheHour(overview.data.night.from);
  const runs = useList<RunItem>(since ? inProject(name, ['runs'], { from: since, limit: 50 }) : null, kinds('run', 'target'));
  const start = useStart();
  return (
    <>
      <PageHead title="Tonight" sub={overview.data && `Since ${hourMinute(overview.data.night.from, zone())} ${zoneName(overview.data.night.from, zone())}, ${plural(overview.data.databases.total, 'database')}`}>
        {can('OPERATOR') && overview.data && overview.data.databases.total > 0 && <Button kind="primary" icon="runs" onClick={start.open}>Start a run</Button>}
      </PageHead>
      <Panel loaded={overview} skeleton={<><div class="grid">{[0, 1, 2, 3].map((each) => <div key={each} class="card span-3"><Skeleton rows={3} /></div>)}</div><div class="card"><Skeleton rows={6} tall /></div></>}>
        {(data) => (
          <>
            <StatusRow data={data} />
            <Card title="Night" aside={data.databases.total > 0 && <Legend />}>
              {data.databases.total === 0
                ? <Empty title="No database is watched over yet" action={can('ADMIN') && <ButtonLink kind="primary" icon="plus" href={address(name, 'databases', undefined, 'new')}>Add a database</ButtonLink>}>
                  The night of every database stands here: its backups, drills and vacuums, and what failed with the reason.
                </Empty>
                : <Night night={data.night} of={data.databases.total} />}
            </Card>
            <Card title="Tonight’s runs" flush aside={<a href={address(name, 'runs')}>All runs</a>}>
              <Panel loaded={runs} rows={5}>
                {(items) => (items.length > 0 ? <RunTable runs={items} /> : <Empty title="Nothing has run tonight" action={!data.waiting.nextFire && data.databases.total > 0 && can('OPERATOR') && <ButtonLink icon="plus" href={address(name, 'schedules', undefined, 'new')}>Add a schedule</ButtonLink>}>
                  {data.waiting.nextFire ? `The next is ${data.waiting.nextJob ? words(data.waiting.nextJob).toLowerCase() : 'a run'} ${relative(data.waiting.nextFire, now.value)}.` : 'No schedule starts anything by itself yet.'}
                </Empty>)}
              </Panel>
            </Card>
          </>
        )}
      </Panel>
      {start.shown && <StartRun onClose={start.close} />}
    </>
  );
}

function toTheHour(at: string): string {
  const hour = 3_600_000;
  return new Date(Math.floor(Date.parse(at) / hour) * hour).toISOString();
}

function StatusRow({ data }: { data: Overview }) {
  const name = project.value!.name;
  const { databases, lastNight, waiting, findings } = data;
  const oldest = databases.oldestProofAt ? now.value - Date.parse(databases.oldestProofAt) : null;
  const open = findings.critical + findings.warning + findings.info;
  return (
    <div class="grid status-row">
      <Status title="Proven restorable" href={address(name, 'backups')} figure={count(databases.proven)} of={`of ${plural(databases.total, 'database')}`}
        mark={databases.total > 0 && databases.proven < databases.total ? ['triangle', 'warn'] : databases.total > 0 ? ['dot', 'good'] : undefined}>
        {oldest === null ? (databases.total === 0 ? 'no database yet' : 'none is proven within its policy') : <>oldest proof {age(oldest)}</>}
      </Status>
      <Status title="Last night" href={`${address(name, 'runs')}?from=24h`} figure={count(lastNight.done)} of={`done · ${lastNight.failed} failed`}
        mark={lastNight.failed > 0 ? ['square', 'bad'] : lastNight.done > 0 ? ['dot', 'good'] : undefined}>
        {lastNight.from ? `${hourMinute(lastNight.from, zone())} – ${lastNight.to ? hourMinute(lastNight.to, zone()) : 'now'}` : 'nothing ran'}
      </Status>
      <Status title="Waiting" href={`${address(name, 'runs')}?status=QUEUED`} figure={count(waiting.runs)} of={waiting.runs === 1 ? 'run' : 'runs'} mark={waiting.runs > 0 ? ['ring', 'idle'] : undefined}>
        {waiting.nextFire ? <>next: {waiting.nextJob ? words(waiting.nextJob).toLowerCase() : 'run'} <When at={waiting.nextFire} plain /></> : 'no schedule is due'}
      </Status>
      <Status title="Findings" href={address(name, 'findings')} figure={count(findings.critical + findings.warning)} of={open === 0 ? 'open' : `${findings.critical} critical · ${findings.warning} warning`}
        mark={findings.critical > 0 ? ['square', 'bad'] : findings.warning > 0 ? ['triangle', 'warn'] : ['dot', 'good']}>
        {findings.top ?? (findings.info > 0 ? plural(findings.info, 'remark') : 'nothing needs a person')}
      </Status>
    </div>
  );
}

function Status({ title, href, figure, of, mark, children }: { title: string; href: string; figure: string; of: string; mark?: [Shape, Tone]; children: ComponentChildren }) {
  return (
    <section class="card span-3 status">
      <h2><a href={href}>{title}</a></h2>
      <p class="figure">{mark && <Mark shape={mark[0]} tone={mark[1]} />}<b>{figure}</b> <span>{of}</span></p>
      <p class="status-more">{children}</p>
    </section>
  );
}

function Legend() {
  return (
    <span class="legend" aria-hidden="true">
      <span><Mark shape="dot" tone="good" />done</span><span><Mark shape="half" tone="busy" />running</span><span><Mark shape="square" tone="bad" />failed</span>
    </span>
  );
}
