import { useId, useState } from 'preact/hooks';
import type { MaintenanceWindow } from '../api/calendar';
import { inProject, post, put, remove } from '../api/client';
import { kinds, useAll } from '../api/load';
import type { Database } from '../api/types';
import { can, project } from '../frame/session';
import { nameProblem } from '../text/names';
import { words } from '../text/format';
import { zoneProblem, zones } from '../text/zone';
import { Button, Card } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Checkbox, Field } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';
import { ALL, DatabasePicker, aimWords } from './database-picker';

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

function daysWords(days: string[]): string {
  if (days.length === DAYS.length) return 'every day';
  if (days.join() === DAYS.slice(0, 5).join()) return 'Monday to Friday';
  return days.map((each) => words(each.toLowerCase()).slice(0, 3)).join(', ');
}

export function WindowsHere() {
  const name = project.value!.name;
  const windows = useAll<MaintenanceWindow>(inProject(name, ['windows']), kinds('schedule'));
  const [editing, setEditing] = useState<MaintenanceWindow | 'new' | null>(null);
  const [deleting, setDeleting] = useState<MaintenanceWindow | null>(null);
  const add = can('ADMIN') && <Button icon="plus" onClick={() => setEditing('new')}>Add a window</Button>;
  const columns: Column<MaintenanceWindow>[] = [
    { key: 'name', title: 'Window', cell: (each) => each.name, sort: (each) => each.name },
    { key: 'days', title: 'Opens on', cell: (each) => daysWords(each.days) },
    { key: 'time', title: 'From – to', cell: (each) => <span class="two tabular">{each.start} – {each.end}{each.end <= each.start && <small>on the day after</small>}</span>, sort: (each) => each.start },
    { key: 'zone', title: 'Zone', cell: (each) => each.zone },
    { key: 'databases', title: 'Databases', cell: (each) => (each.databases.length === 0 ? 'all' : aimWords(each.databases)) },
    ...(can('ADMIN') ? [{ key: 'acts', title: '', cell: (each: MaintenanceWindow) => <span class="row-acts"><Button kind="quiet" label={`Change ${each.name}`} onClick={() => setEditing(each)}>Change</Button><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></span> }] : []),
  ];
  return (
    <>
      <Card title="Maintenance windows" aside={add} flush>
        <Panel loaded={windows} rows={3}>
          {(items) => (items.length > 0
            ? <Table caption="Maintenance windows" rows={items} columns={columns} keyOf={(each) => each.id} />
            : <Empty title="Every hour is open" action={add}>With a window, vacuum works on its databases within it alone: it waits for the window to open and ends before it closes.</Empty>)}
        </Panel>
      </Card>
      {editing && <Edit before={editing === 'new' ? undefined : editing} onClose={() => { setEditing(null); windows.reload(); }} />}
      {deleting && (
        <Confirm title={`Delete window ${deleting.name}`} verb="Delete the window" busyWord="Deleting…" onClose={() => { setDeleting(null); windows.reload(); }}
          act={() => remove(inProject(name, ['windows', deleting.name]))}>
          <p>Its databases may be worked on at any time then, unless another window covers them. What waits for it starts within a minute.</p>
        </Confirm>
      )}
    </>
  );
}

function Edit({ before, onClose }: { before: MaintenanceWindow | undefined; onClose: () => void }) {
  const at = project.value!;
  const databases = useAll<Database>(inProject(at.name, ['databases']));
  const [name, setName] = useState(before?.name ?? '');
  const [days, setDays] = useState(before?.days ?? DAYS);
  const [start, setStart] = useState(before?.start ?? '22:00');
  const [end, setEnd] = useState(before?.end ?? '06:00');
  const [zone, setZone] = useState(before?.zone ?? at.timeZone);
  const [chosen, setChosen] = useState(!before || before.databases.length === 0 ? [ALL] : before.databases);
  const body = { name, days, start, end, zone, databases: chosen.includes(ALL) ? [] : chosen };
  const { busy, problem, run } = useAction(() => (before ? put(inProject(at.name, ['windows', before.name]), body) : post(inProject(at.name, ['windows']), body)), () => { notify(`${name} is saved.`); onClose(); });
  const ready = !nameProblem(name) && days.length > 0 && start && end && !zoneProblem(zone) && chosen.length > 0;
  const opensOn = useId();
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <Dialog title={before ? `Change window ${before.name}` : 'Add a maintenance window'} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        {!before && <Field label="Name" value={name} onInput={setName} mono autoFocus help="Lower-case letters, digits and hyphens." error={nameProblem(name)} refused={refused('name')} />}
        <div class="field" role="group" aria-labelledby={opensOn}>
          <span class="label" id={opensOn}>Opens on</span>
          <div class="picker whole">{DAYS.map((each) => <Checkbox key={each} label={words(each.toLowerCase())} checked={days.includes(each)} onChange={(on) => setDays(DAYS.filter((day) => (day === each ? on : days.includes(day))))} />)}</div>
          {days.length === 0 && <p class="help">Choose at least one.</p>}
        </div>
        <div class="form-grid">
          <Field label="From" type="time" value={start} onInput={setStart} refused={refused('start')} />
          <Field label="To" type="time" value={end} onInput={setEnd} help={end <= start ? 'On the day after.' : 'On the same day.'} refused={refused('end')} />
        </div>
        <Field label="Time zone" value={zone} onInput={setZone} list={zones()} error={zoneProblem(zone)} refused={refused('zone')} />
        <Panel loaded={databases} rows={2}>{(all) => <DatabasePicker all={all} chosen={chosen} onChange={setChosen} />}</Panel>
        {problem && !['name', 'start', 'end', 'zone'].includes(problem.field ?? '') && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save the window</Button></div>
      </form>
    </Dialog>
  );
}
