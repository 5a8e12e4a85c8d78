import { useId, useState } from 'preact/hooks';
import type { Blackout } from '../api/calendar';
import { inProject, post, remove } from '../api/client';
import { kinds, useAll, useList } from '../api/load';
import type { Job } from '../api/types';
import { can, project } from '../frame/session';
import { words } from '../text/format';
import { zoneProblem, zones } from '../text/zone';
import { Button, Card } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Checkbox, Field } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

/** 2026-12-24T00:00 as a day, with the time where it is not midnight. */
function wall(text: string): string {
  const [day, time] = text.split('T');
  return time === undefined || time.startsWith('00:00') ? day! : `${day} ${time.slice(0, 5)}`;
}

export function BlackoutsHere() {
  const name = project.value!.name;
  const blackouts = useAll<Blackout>(inProject(name, ['blackouts']), kinds('schedule'));
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState<Blackout | null>(null);
  const add = can('OPERATOR') && <Button icon="plus" onClick={() => setAdding(true)}>Add a blackout</Button>;
  const columns: Column<Blackout>[] = [
    { key: 'name', title: 'Blackout', cell: (each) => each.name, sort: (each) => each.name },
    { key: 'from', title: 'From', cell: (each) => <span class="tabular">{wall(each.from)}</span>, sort: (each) => each.from },
    { key: 'to', title: 'Over at', cell: (each) => <span class="tabular">{wall(each.to)}</span>, sort: (each) => each.to },
    { key: 'zone', title: 'Zone', cell: (each) => each.zone },
    { key: 'yearly', title: 'Comes', cell: (each) => (each.yearly ? 'every year' : 'once') },
    { key: 'jobs', title: 'Holds back', cell: (each) => (each.jobs.length === 0 ? 'every job' : each.jobs.map(words).join(', ')) },
    ...(can('OPERATOR') ? [{ key: 'acts', title: '', cell: (each: Blackout) => <span class="row-acts"><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></span> }] : []),
  ];
  return (
    <>
      <Card title="Blackouts" aside={add} flush>
        <Panel loaded={blackouts} rows={3}>
          {(items) => (items.length > 0
            ? <Table caption="Blackouts" rows={items} columns={columns} keyOf={(each) => each.id} />
            : <Empty title="No day is left out" action={add}>Holidays, or the freeze at the year’s end: what would have started then is shown as skipped, with the blackout’s name.</Empty>)}
        </Panel>
      </Card>
      {adding && <AddBlackout onClose={() => { setAdding(false); blackouts.reload(); }} />}
      {deleting && (
        <Confirm title={`Delete blackout ${deleting.name}`} verb="Delete the blackout" busyWord="Deleting…" onClose={() => { setDeleting(null); blackouts.reload(); }}
          act={() => remove(inProject(name, ['blackouts', deleting.id]))}>
          <p>Schedules start again within it. What was skipped stays so; what waits for its end starts.</p>
        </Confirm>
      )}
    </>
  );
}

function AddBlackout({ onClose }: { onClose: () => void }) {
  const at = project.value!;
  const jobs = useList<Job>('/jobs');
  const [name, setName] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [zone, setZone] = useState(at.timeZone);
  const [yearly, setYearly] = useState(false);
  const [held, setHeld] = useState<string[]>([]);
  const { busy, problem, run } = useAction(() => post(inProject(at.name, ['blackouts']), { name, from, to, zone, yearly, jobs: held }), () => { notify(`${name} is a blackout.`); onClose(); });
  const late = from && to && to <= from ? 'It is over after it begins: a single day ends at the day after.' : null;
  const ready = name.trim() && from && to && !late && !zoneProblem(zone);
  const holdsBack = useId();
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <Dialog title="Add a blackout" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <Field label="Name" value={name} onInput={setName} autoFocus help="People read it as the reason: Christmas, year-end freeze." refused={refused('name')} />
        <div class="form-grid">
          <Field label="From" type="datetime-local" value={from} onInput={setFrom} help="On the clock of the zone below." refused={refused('from')} />
          <Field label="Over at" type="datetime-local" value={to} onInput={setTo} error={late} refused={refused('to')} help="What starts then starts again." />
        </div>
        <Field label="Time zone" value={zone} onInput={setZone} list={zones()} error={zoneProblem(zone)} refused={refused('zone')} />
        <Checkbox label="Comes every year" checked={yearly} onChange={setYearly} />
        <Panel loaded={jobs} rows={2}>
          {(all) => (
            <div class="field" role="group" aria-labelledby={holdsBack}>
              <span class="label" id={holdsBack}>Holds back</span>
              <div class="picker">{all.map((each) => <Checkbox key={each.name} label={each.title} checked={held.includes(each.name)} onChange={(on) => setHeld(on ? [...held, each.name] : held.filter((one) => one !== each.name))} />)}</div>
              <p class="help">{held.length === 0 ? 'None chosen: it holds back every job.' : 'These alone.'}</p>
            </div>
          )}
        </Panel>
        {problem && !['name', 'from', 'to', 'zone'].includes(problem.field ?? '') && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Adding…' : false}>Add the blackout</Button></div>
      </form>
    </Dialog>
  );
}
