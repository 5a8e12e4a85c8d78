import { useState } from 'preact/hooks';
import { me, path, post, put, remove } from '../api/client';
import { useAll } from '../api/load';
import type { Person } from '../api/access';
import { needed, passwordProblem } from '../text/names';
import { Button, Card, When } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Checkbox, Field } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { State } from '../ui/state';
import { Table } from '../ui/table';
import { SessionsOf } from './sessions';

export const ROLE_HELP = 'Viewers see, operators also start and change, admins also decide who may.';

/** Behind the name of who has no password here. */
export const OPENID = ' · OpenID';

export function Persons() {
  const people = useAll<Person>('/people');
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Person | null>(null);
  const [resetting, setResetting] = useState<Person | null>(null);
  const [erasing, setErasing] = useState<Person | null>(null);
  const [watching, setWatching] = useState<Person | null>(null);
  return (
    <Card title="Everyone" flush aside={<Button icon="plus" onClick={() => setAdding(true)}>Add a person</Button>}>
      <Panel loaded={people} rows={4}>
        {(items) => (items.length > 0
          ? <Table caption="People" rows={items} keyOf={(each) => each.name} columns={[
            { key: 'name', title: 'Name', cell: (each) => <span class="two"><b>{each.displayName || each.name}</b><small>{each.name}{each.openId && OPENID}</small></span>, sort: (each) => each.name },
            { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={each.disabled ? { word: 'disabled', shape: 'dash', tone: 'idle' } : { word: 'may log in', shape: 'dot', tone: 'good' }} />, sort: (each) => (each.disabled ? 1 : 0) },
            { key: 'roles', title: 'Roles', cell: (each) => (each.installationAdmin ? 'administers the installation' : (each.projects ?? []).map((one) => `${one.name}: ${one.role.toLowerCase()}`).join(', ') || <span class="muted">none</span>) },
            { key: 'login', title: 'Last login', cell: (each) => <When at={each.lastLogin} />, sort: (each) => each.lastLogin, numeric: true },
            { key: 'acts', title: '', cell: (each) => (each.name === me.value!.name ? <span class="row-acts muted">you</span> : <span class="row-acts"><Button kind="quiet" label={`Sessions of ${each.name}`} onClick={() => setWatching(each)}>Sessions</Button>{!each.openId && <Button kind="quiet" label={`Set a new password for ${each.name}`} onClick={() => setResetting(each)}>New password</Button>}<Button kind="quiet" label={`${each.disabled ? 'Enable' : 'Disable'} ${each.name}`} onClick={() => setChanging(each)}>{each.disabled ? 'Enable' : 'Disable'}</Button>{each.disabled && <Button kind="quiet" label={`Erase ${each.name}`} onClick={() => setErasing(each)}>Erase</Button>}</span>) },
          ]} />
          : <Empty title="Nobody yet" />)}
      </Panel>
      {adding && <AddPerson onClose={() => setAdding(false)} done={() => { setAdding(false); people.reload(); }} />}
      {erasing && (
        <Confirm title={`Erase ${erasing.name}`} verb="Erase the person" busyWord="Erasing…" name={erasing.name} onClose={() => { setErasing(null); people.reload(); }} act={() => remove(path(['people', erasing.name, 'data']), erasing.name)}>
          <p>Login, roles and addresses of <b>{erasing.displayName || erasing.name}</b> are gone for good. Audit and runs keep what was done, under a pseudonym. This cannot be taken back.</p>
          <p><a href={`/api${path(['people', erasing.name, 'data'])}`} download>Save what is kept of them</a> first, if they asked for it.</p>
        </Confirm>
      )}
      {watching && <SessionsOf person={watching.name} onClose={() => setWatching(null)} />}
      {resetting && <ResetPassword person={resetting} onClose={() => setResetting(null)} />}
      {changing && (
        <Confirm title={`${changing.disabled ? 'Enable' : 'Disable'} ${changing.name}`} verb={changing.disabled ? 'Enable' : 'Disable'} busyWord="Saving…" onClose={() => { setChanging(null); people.reload(); }}
          act={() => put(path(['people', changing.name]), { disabled: !changing.disabled })}>
          <p>{changing.disabled ? 'The person can log in again, with the roles of before.' : 'The person is logged out everywhere and cannot log in. Roles and history stay.'}</p>
        </Confirm>
      )}
    </Card>
  );
}

function ResetPassword({ person, onClose }: { person: Person; onClose: () => void }) {
  const [password, setPassword] = useState('');
  const ready = !passwordProblem(password);
  const { busy, problem, run } = useAction(() => put(path(['people', person.name]), { password }), () => { notify(`${person.name} logs in with the new password from now on.`); onClose(); });
  return (
    <Dialog title={`New password for ${person.name}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="prose"><p>{person.displayName || person.name} is logged out everywhere. Hand the password over and have it changed at the next login.</p></div>
        <Field label="New password" type="password" autoFocus autoComplete="new-password" value={password} onInput={setPassword} help="At least 12 characters." error={passwordProblem(password)} refused={problem?.field === 'password' ? problem.detail : null} />
        {problem && problem.field !== 'password' && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Set the password</Button></div>
      </form>
    </Dialog>
  );
}

function AddPerson({ onClose, done }: { onClose: () => void; done: () => void }) {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [password, setPassword] = useState('');
  const [admin, setAdmin] = useState(false);
  const ready = name.trim() !== '' && !passwordProblem(password);
  const { busy, problem, run } = useAction(() => post('/people', { name: name.trim(), displayName: displayName.trim() || name.trim(), password, installationAdmin: admin }), () => { notify(`${name} is added. Give a role in a project next.`); done(); });
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <Field label="Name" value={name} onInput={setName} mono autoFocus help="What is typed at login." error={needed(name, 'A name')} refused={problem?.field === 'name' ? problem.detail : null} />
        <Field label="Shown as" value={displayName} onInput={setDisplayName} required={false} />
        <Field label="First password" type="password" autoComplete="new-password" value={password} onInput={setPassword} help="At least 12 characters. The person can change it." error={passwordProblem(password)} refused={problem?.field === 'password' ? problem.detail : null} />
        <Checkbox label="Administers the installation" help="Sees every project and decides who may." checked={admin} onChange={setAdmin} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Adding…' : false}>Add the person</Button></div>
      </form>
    </Dialog>
  );
}
