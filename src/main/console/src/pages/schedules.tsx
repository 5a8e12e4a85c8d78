import { useState } from 'preact/hooks';
import { inProject, put, remove } from '../api/client';
import { kinds, useAll } from '../api/load';
import type { Schedule } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { describeCron } from '../text/cron';
import { words } from '../text/format';
import { Button, ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Confirm, notify, useAction } from '../ui/dialog';
import { Empty, Panel, Trouble } from '../ui/panel';
import { RunState, State } from '../ui/state';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

export function SchedulesPage() {
  const name = project.value!.name;
  const schedules = useAll<Schedule>(inProject(name, ['schedules']), kinds('schedule', 'run'));
  const [deleting, setDeleting] = useState<Schedule | null>(null);
  const add = address(name, 'schedules', undefined, 'new');
  const columns: Column<Schedule>[] = [
    { key: 'name', title: 'Schedule', cell: (each) => each.name, sort: (each) => each.name },
    { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={each.enabled ? { word: 'on', shape: 'dot', tone: 'good' } : { word: 'off', shape: 'dash', tone: 'idle' }} />, sort: (each) => (each.enabled ? 'on' : 'off') },
    { key: 'job', title: 'Job', cell: (each) => words(each.job), sort: (each) => each.job },
    { key: 'when', title: 'When', phone: 'wide', cell: (each) => <span class="two">{describeCron(each.cron)}<small class="mono">{each.cron} · {each.zone}</small></span> },
    { key: 'databases', title: 'Databases', cell: (each) => (each.databases.length === 0 ? 'the project' : each.databases.includes('*') ? 'all' : each.databases.join(', ')) },
    { key: 'next', title: 'Next', cell: (each) => (each.enabled ? <When at={each.nextFires[0]} plain /> : <span class="muted">–</span>), sort: (each) => (each.enabled ? (each.nextFires[0] ?? null) : null), numeric: true },
    { key: 'last', title: 'Last run', cell: (each) => (each.lastRun ? <a href={address(name, 'runs', each.lastRun.id)}><RunState status={each.lastRun.status} /></a> : <span class="muted">never</span>) },
    ...(can('OPERATOR') ? [{ key: 'acts', title: '', cell: (each: Schedule) => <span class="row-acts"><Toggle schedule={each} reload={schedules.reload} /><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></span> }] : []),
  ];
  return (
    <>
      <PageHead title="Schedules" sub="What starts by itself, and when">
        {can('OPERATOR') && <ButtonLink kind="primary" icon="plus" href={add}>Add a schedule</ButtonLink>}
      </PageHead>
      <Card flush>
        <Panel loaded={schedules} rows={4}>
          {(items) => (items.length > 0
            ? <Table caption="Schedules" rows={items} columns={columns} keyOf={(each) => each.name} href={can('OPERATOR') ? (each) => address(name, 'schedules', each.name, 'edit') : undefined} />
            : <Empty title="Nothing starts by itself yet" action={can('OPERATOR') && <ButtonLink kind="primary" icon="plus" href={add}>Add a schedule</ButtonLink>}>
              A nightly backup and a weekly drill are a good beginning.
            </Empty>)}
        </Panel>
      </Card>
      {deleting && (
        <Confirm title={`Delete schedule ${deleting.name}`} verb="Delete the schedule" busyWord="Deleting…" name={deleting.name} onClose={() => { setDeleting(null); schedules.reload(); }}
          act={() => remove(inProject(name, ['schedules', deleting.name]), deleting.name)}>
          <p>{words(deleting.job)} will no longer start by itself {describeCron(deleting.cron).toLowerCase()}. Runs that it started stay.</p>
        </Confirm>
      )}
    </>
  );
}

function Toggle({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { busy, problem, run } = useAction(() => {
    const { name, job, cron, zone, databases, parameters } = schedule;
    return put(inProject(project.value!.name, ['schedules', name]), { name, job, cron, zone, databases, parameters, enabled: !schedule.enabled });
  }, () => { notify(`${schedule.name} is ${schedule.enabled ? 'off' : 'on'}.`); reload(); });
  return <>{problem && <Trouble problem={problem} />}<Button kind="quiet" busy={busy ? '…' : false} onClick={run} label={`${schedule.enabled ? 'Switch off' : 'Switch on'} ${schedule.name}`}>{schedule.enabled ? 'Switch off' : 'Switch on'}</Button></>;
}
