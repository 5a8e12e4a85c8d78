import { useState } from 'preact/hooks';
import { inProject, me, put, remove } from '../api/client';
import { kinds, useAll } from '../api/load';
import type { Schedule } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { describeCron } from '../text/cron';
import { words } from '../text/format';
import { Button, ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Confirm, notify, useAction } from '../ui/dialog';
import { Choice } from '../ui/field';
import { later } from '../ui/later';
import { Empty, Panel, Trouble } from '../ui/panel';
import { RunState, State } from '../ui/state';
import type { Look } from '../ui/state';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';
import { aimWords } from './database-picker';
import { PauseBanners, PauseDialog, Resume, lasts, untilWords } from './pause';
import type { Paused } from './pause';

const TABS = [{ value: 'list', label: 'Schedules' }, { value: 'calendar', label: 'Calendar' }, { value: 'windows', label: 'Windows' }, { value: 'blackouts', label: 'Blackouts' }];
const SUBS: Record<string, string> = { list: 'What starts by itself, and when', calendar: 'What ran, what will, and what holds it back', windows: 'When work that loads a database may be done', blackouts: 'Days on which nothing starts by itself' };
const CalendarHere = later(() => import('./calendar').then((its) => its.CalendarHere));
const WindowsHere = later(() => import('./windows').then((its) => its.WindowsHere));
const BlackoutsHere = later(() => import('./blackouts').then((its) => its.BlackoutsHere));

export function SchedulesPage() {
  const tab = TABS.find((each) => each.value === query.value.get('tab'))?.value ?? 'list';
  const [pausing, setPausing] = useState<Paused | null>(null);
  const [pauses, countPauses] = useState(0);
  return (
    <>
      <PageHead title="Schedules" sub={SUBS[tab]}>
        {me.value?.installationAdmin && <Button onClick={() => setPausing('fleet')}>Pause all projects</Button>}
        {can('OPERATOR') && <Button onClick={() => setPausing('project')}>Pause the project</Button>}
        {can('OPERATOR') && <ButtonLink kind="primary" icon="plus" href={address(project.value!.name, 'schedules', undefined, 'new')}>Add a schedule</ButtonLink>}
      </PageHead>
      <div class="tabs"><Choice label="Part" value={tab} onChange={(value) => setQuery({ tab: value === 'list' ? null : value, from: null })} options={TABS} /></div>
      <PauseBanners key={pauses} />
      {tab === 'calendar' ? <CalendarHere /> : tab === 'windows' ? <WindowsHere /> : tab === 'blackouts' ? <BlackoutsHere /> : <Schedules key={pauses} pause={setPausing} />}
      {pausing && <PauseDialog of={pausing} onClose={() => { setPausing(null); countPauses(pauses + 1); }} />}
    </>
  );
}

const ON: Look = { word: 'on', shape: 'dot', tone: 'good' };
const OFF: Look = { word: 'off', shape: 'dash', tone: 'idle' };

function Standing({ schedule }: { schedule: Schedule }) {
  if (!schedule.enabled) return <State look={OFF} />;
  if (!lasts(schedule.paused)) return <State look={ON} />;
  return <span class="two"><State look={{ word: 'paused', shape: 'dash', tone: 'warn' }} /><small>{untilWords(schedule.paused)}; {schedule.paused.by}: {schedule.paused.why}</small></span>;
}

function whenWords(schedule: Schedule): string {
  return schedule.cron === null ? `After ${words(schedule.after ?? '').toLowerCase()}` : describeCron(schedule.cron);
}

function Schedules({ pause }: { pause: (of: Paused) => void }) {
  const name = project.value!.name;
  const schedules = useAll<Schedule>(inProject(name, ['schedules']), kinds('schedule', 'run'));
  const [deleting, setDeleting] = useState<Schedule | null>(null);
  const add = address(name, 'schedules', undefined, 'new');
  const columns: Column<Schedule>[] = [
    { key: 'name', title: 'Schedule', cell: (each) => (each.policy ? <span class="two">{each.name}<small><a href={address(name, 'policies', each.policy)}>Policy {each.policy}</a></small></span> : each.name), sort: (each) => each.name },
    { key: 'state', title: 'State', phone: 'top', cell: (each) => <Standing schedule={each} />, sort: (each) => (!each.enabled ? 'off' : lasts(each.paused) ? 'paused' : 'on') },
    { key: 'job', title: 'Job', cell: (each) => words(each.job), sort: (each) => each.job },
    { key: 'when', title: 'When', phone: 'wide', cell: (each) => <span class="two">{whenWords(each)}{each.cron && <small class="mono">{each.cron} · {each.zone}</small>}</span> },
    { key: 'databases', title: 'Databases', cell: (each) => aimWords(each.databases) },
    { key: 'next', title: 'Next', cell: (each) => (each.nextFires[0] ? <When at={each.nextFires[0]} plain /> : <span class="muted">–</span>), sort: (each) => each.nextFires[0] ?? null, numeric: true },
    { key: 'last', title: 'Last run', cell: (each) => (each.lastRun ? <a href={address(name, 'runs', each.lastRun.id)}><RunState status={each.lastRun.status} /></a> : <span class="muted">never</span>) },
    ...(can('OPERATOR') ? [{ key: 'acts', title: '', cell: (each: Schedule) => <span class="row-acts">{lasts(each.paused) ? <Resume of={{ schedule: each.name }} done={schedules.reload} /> : each.enabled && <Button kind="quiet" label={`Pause ${each.name}`} onClick={() => pause({ schedule: each.name })}>Pause</Button>}{!each.policy && <><Toggle schedule={each} reload={schedules.reload} /><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></>}</span> }] : []),
  ];
  return (
    <>
      <Card flush>
        <Panel loaded={schedules} rows={4}>
          {(items) => (items.length > 0
            ? <Table caption="Schedules" rows={items} columns={columns} keyOf={(each) => each.name} href={can('OPERATOR') ? (each) => (each.policy ? address(name, 'policies', each.policy) : address(name, 'schedules', each.name, 'edit')) : undefined} />
            : <Empty title="Nothing starts by itself yet" action={can('OPERATOR') && <ButtonLink kind="primary" icon="plus" href={add}>Add a schedule</ButtonLink>}>
              A nightly backup and a weekly drill are a good beginning.
            </Empty>)}
        </Panel>
      </Card>
      {deleting && (
        <Confirm title={`Delete schedule ${deleting.name}`} verb="Delete the schedule" busyWord="Deleting…" name={deleting.name} onClose={() => { setDeleting(null); schedules.reload(); }}
          act={() => remove(inProject(name, ['schedules', deleting.name]), deleting.name)}>
          <p>{words(deleting.job)} will no longer start by itself {lowerFirst(whenWords(deleting))}. Runs that it started stay.</p>
        </Confirm>
      )}
    </>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function Toggle({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { busy, problem, run } = useAction(() => {
    return put(inProject(project.value!.name, ['schedules', schedule.name]), { enabled: !schedule.enabled });
  }, () => { notify(`${schedule.name} is ${schedule.enabled ? 'off' : 'on'}.`); reload(); });
  return <>{problem && <Trouble problem={problem} />}<Button kind="quiet" busy={busy ? '…' : false} onClick={run} label={`${schedule.enabled ? 'Switch off' : 'Switch on'} ${schedule.name}`}>{schedule.enabled ? 'Switch off' : 'Switch on'}</Button></>;
}
