import { useState } from 'preact/hooks';
import { inProject, me, put, remove } from '../api/client';
import { useAll, useList } from '../api/load';
import type { Person } from '../api/access';
import type { Role } from '../api/types';
import { can, project } from '../frame/session';
import { Button, Card } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { Table } from '../ui/table';
import { words } from '../text/format';
import { OPENID, ROLE_HELP } from './persons';

interface Member {
  name: string;
  displayName: string | null;
  role: Role;
  openId: boolean;
  byGroups: boolean;
}

const ROLES: Role[] = ['VIEWER', 'OPERATOR', 'ADMIN'];

export function Members() {
  const name = project.value!.name;
  const members = useList<Member>(inProject(name, ['members']));
  const people = useAll<Person>(me.value!.installationAdmin ? '/people' : null);
  const [editing, setEditing] = useState<Member | 'new' | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  const admin = can('ADMIN');
  return (
    <Card title={`Members of ${project.value!.displayName}`} flush aside={admin && <Button icon="plus" onClick={() => setEditing('new')}>Add a member</Button>}>
      <Panel loaded={members} rows={4}>
        {(items) => (items.length > 0
          ? <Table caption="Members" rows={items} keyOf={(each) => each.name} columns={[
            { key: 'name', title: 'Name', cell: (each) => <span class="two"><b>{each.displayName || each.name}</b><small>{each.name}{each.openId && OPENID}</small></span>, sort: (each) => each.name },
            { key: 'role', title: 'Role', cell: (each) => <>{words(each.role.toLowerCase())}{each.byGroups && <span class="muted"> by group</span>}</>, sort: (each) => ROLES.indexOf(each.role) },
            ...(admin ? [{ key: 'acts', title: '', cell: (each: Member) => <span class="row-acts"><Button kind="quiet" label={`Change the role of ${each.name}`} onClick={() => setEditing(each)}>Change</Button><Button kind="quiet" label={`Remove ${each.name}`} onClick={() => setRemoving(each)}>Remove</Button></span> }] : []),
          ]} />
          : <Empty title="No member yet">Who administers the installation sees every project without being a member.</Empty>)}
      </Panel>
      {editing && <MemberForm member={editing === 'new' ? undefined : editing} known={(people.data ?? []).filter((each) => !each.disabled).map((each) => each.name)} onClose={() => setEditing(null)} done={() => { setEditing(null); members.reload(); }} />}
      {removing && (
        <Confirm title={`Remove ${removing.name}`} verb="Remove" busyWord="Removing…" onClose={() => { setRemoving(null); members.reload(); }} act={() => remove(inProject(name, ['members', removing.name]))}>
          <p>{removing.displayName || removing.name} will no longer see {project.value!.displayName}. What was done stays recorded.</p>
        </Confirm>
      )}
    </Card>
  );
}

function MemberForm({ member, known, onClose, done }: { member?: Member; known: string[]; onClose: () => void; done: () => void }) {
  const [person, setPerson] = useState(member?.name ?? '');
  const [role, setRole] = useState<Role>(member?.role ?? 'VIEWER');
  const ready = person.trim() !== '';
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['members', person.trim()]), { role }), () => { notify(`${person} is ${role.toLowerCase()} now.`); done(); });
  return (
    <Dialog title={member ? `Role of ${member.name}` : 'Add a member'} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        {!member && <Field label="Person" value={person} onInput={setPerson} mono autoFocus list={known} help="The name typed at login." />}
        <Select label="Role" value={role} onChange={(value) => setRole(value as Role)} options={ROLES.map((each) => ({ value: each, label: words(each.toLowerCase()) }))} help={ROLE_HELP} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
      </form>
    </Dialog>
  );
}
