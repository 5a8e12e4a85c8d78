import { useState } from 'preact/hooks';
import { me, path, post, remove } from '../api/client';
import type { ProjectRole } from '../api/types';
import { logout, refreshMe } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { nameProblem } from '../text/names';
import { words } from '../text/format';
import { zoneProblem, zones } from '../text/zone';
import { Button, Card } from '../ui/bits';
import { Confirm, Notes, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Logo } from '../ui/icons';
import { later } from '../ui/later';
import { Empty, Trouble } from '../ui/panel';

const ImportKit = later(() => import('./import-kit').then((its) => its.ImportKit));
const DeletedProjects = later(() => import('./deleted').then((its) => its.DeletedProjects));

/** All projects that one may see, and the first step of an installation that has none. */
export function ProjectsPage() {
  const person = me.value!;
  const [deleting, setDeleting] = useState<ProjectRole | null>(null);
  const [back, bringBack] = useState(false);
  return (
    <main class="alone">
      <header class="alone-head"><Logo size={36} /><h1 tabIndex={-1}>Projects</h1><Button kind="quiet" onClick={() => void logout()}>Log out</Button></header>
      <Card title="Yours">
        {person.projects.length > 0
          ? <ul class="project-list">{person.projects.map((each) => <li key={each.name}><a data-row href={address(each.name, 'tonight')}><b>{each.displayName || each.name}</b><small>{words(each.role.toLowerCase())} · {each.timeZone}</small></a>{person.installationAdmin && <Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button>}</li>)}</ul>
          : <Empty title="No project yet">{person.installationAdmin ? 'A project holds databases, their backups, and who may see them; nothing crosses it. Make the first below.' : 'Ask an administrator of this installation for a role in a project.'}</Empty>}
      </Card>
      {person.installationAdmin && <Card title="Add a project" aside={<Button kind="quiet" onClick={() => bringBack(true)}>From a recovery kit</Button>}><ProjectForm /></Card>}
      {person.installationAdmin && <DeletedProjects key={person.projects.length} />}
      {deleting && (
        <Confirm title={`Delete project ${deleting.name}`} verb="Delete the project" busyWord="Deleting…" name={deleting.name} onClose={() => setDeleting(null)}
          act={async () => { await remove(path(['projects', deleting.name]), deleting.name); notify(`${deleting.name} is deleted.`); await refreshMe(); }}>
          <p>Nobody sees <b>{deleting.displayName}</b> any more, its keys open nothing, and nothing of it is planned, watched or backed up. It can be restored for 30 days. This is refused while backups of it are held or a run is under way.</p>
        </Confirm>
      )}
      {back && <ImportKit onClose={() => bringBack(false)} />}
      <Notes />
    </main>
  );
}

function ProjectForm() {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [timeZone, setTimeZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [currency, setCurrency] = useState('EUR');
  const currencyProblem = /^[A-Z]{3}$/.test(currency) ? null : 'Three capital letters, such as EUR.';
  const ready = !nameProblem(name) && !zoneProblem(timeZone) && !currencyProblem;
  const { busy, problem, run } = useAction(async () => {
    await post('/projects', { name, displayName: displayName.trim() || name, timeZone, currency });
    await refreshMe();
  }, () => go(address(name, 'tonight')));
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
      <div class="form-grid">
        <Field label="Name" mono value={name} onInput={setName} help="In addresses; it never changes." error={nameProblem(name)} refused={problem?.field === 'name' ? problem.detail : null} />
        <Field label="Shown as" value={displayName} onInput={setDisplayName} required={false} help="What people read." />
        <Field label="Time zone" value={timeZone} onInput={setTimeZone} list={zones()} help="Nights and schedules follow it." error={zoneProblem(timeZone)} />
        <Field label="Currency" value={currency} onInput={setCurrency} help="For billing." error={currencyProblem} />
      </div>
      {problem && <Trouble problem={problem} />}
      <div class="actions end"><Button submit kind="primary" disabled={!ready} busy={busy ? 'Adding…' : false}>Add the project</Button></div>
    </form>
  );
}
