import { useState } from 'preact/hooks';
import { me, path, post, remove } from '../api/client';
import { useAll } from '../api/load';
import type { Key } from '../api/access';
import type { KeyRole } from '../api/types';
import { can, project } from '../frame/session';
import { date, dayOver, words } from '../text/format';
import { needed } from '../text/names';
import { Button, Card, Code, When } from '../ui/bits';
import { Confirm, Dialog, useAction } from '../ui/dialog';
import { Checkbox, Field, Select } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { Table } from '../ui/table';
import { ROLE_HELP } from './persons';

const ROLES: KeyRole[] = ['VIEWER', 'OPERATOR', 'ADMIN', 'LOG_READER', 'LOG_SHIPPER'];

const HELP: Partial<Record<KeyRole, string>> = {
  LOG_READER: 'For restore_command: reads the archived log of the project’s servers, which holds all their rows, and may do nothing else.',
  LOG_SHIPPER: 'For archive_command and restore_command: stores and reads the log of the project’s servers, which holds all their rows, and may do nothing else.',
};

export function Keys() {
  const name = project.value!.name;
  const admin = can('ADMIN');
  // The server lists the keys that one may withdraw: of no use to anybody else.
  const keys = useAll<Key>(admin ? '/keys' : null);
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState<Key | null>(null);
  const add = <Button icon="plus" onClick={() => setAdding(true)}>Create a key</Button>;
  if (!admin) return <Card title="API keys"><Empty title="Keys are shown to admins">An admin of the project creates keys for scripts and pipelines, and withdraws them.</Empty></Card>;
  return (
    <Card title="API keys" flush aside={add}>
      <Panel loaded={keys} rows={4}>
        {(all) => {
          const items = all.filter((each) => each.project === name || (each.project == null && me.value!.installationAdmin));
          if (items.length === 0) return <Empty title="No key yet" action={add}>Scripts and pipelines log in with a key that has one role and can be withdrawn.</Empty>;
          return (
            <Table caption="API keys" rows={items} keyOf={(each) => each.id} columns={[
              { key: 'name', title: 'Key', cell: (each) => <span class="two"><b>{each.name}</b>{each.prefix ? <small class="mono">{each.prefix}…</small> : <small>given at the start</small>}</span>, sort: (each) => each.name },
              { key: 'role', title: 'Role', cell: (each) => (each.installationAdmin || each.project == null ? 'Administers the installation' : words(each.role.toLowerCase())) },
              { key: 'expires', title: 'Last day, UTC', cell: (each) => (each.expires ? <Expiry at={each.expires} /> : <span class="muted">never</span>), sort: (each) => each.expires, numeric: true },
              { key: 'used', title: 'Last used', cell: (each) => <When at={each.lastUsed} />, sort: (each) => each.lastUsed, numeric: true },
              { key: 'made', title: 'Created', cell: (each) => <span class="two"><When at={each.createdAt} /><small>{each.createdBy && `by ${each.createdBy}`}</small></span>, sort: (each) => each.createdAt, numeric: true },
              { key: 'acts', title: '', cell: (each) => <span class="row-acts"><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></span> },
            ]} />
          );
        }}
      </Panel>
      {adding && <AddKey onClose={() => { setAdding(false); keys.reload(); }} />}
      {deleting && (
        <Confirm title={`Delete key ${deleting.name}`} verb="Delete the key" busyWord="Deleting…" name={deleting.name} onClose={() => { setDeleting(null); keys.reload(); }} act={() => remove(path(['keys', deleting.id]))}>
          <p>Whatever logs in with <b>{deleting.name}</b> is refused from now on. A deleted key cannot be brought back.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Expiry({ at }: { at: string }) {
  const gone = dayOver(at, Date.now());
  return <span class={gone ? 'bad-text' : ''}>{gone ? 'expired after ' : ''}{date(at, 'UTC')}</span>;
}

function AddKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<KeyRole>('OPERATOR');
  const [expires, setExpires] = useState('');
  const [installation, setInstallation] = useState(false);
  const [created, setCreated] = useState<Key | null>(null);
  const past = expires !== '' && dayOver(expires, Date.now()) ? 'It lies in the past.' : null;
  const ready = name.trim() !== '' && !past;
  const { busy, problem, run } = useAction(() => post<Key>('/keys', {
    name: name.trim(), project: installation ? null : project.value!.name, role, expires: expires || null, installationAdmin: installation,
  }), setCreated);
  if (created) {
    return (
      <Dialog title={`Key ${created.name}`} onClose={onClose}>
        <div class="form">
          <p><b>Copy it now: it is shown this once.</b> Nightshift keeps only a fingerprint of it.</p>
          <Code text={created.key ?? ''} what="the key" />
          <p class="muted">Send it with every request: <span class="mono">Authorization: Bearer ns_…</span></p>
          <div class="actions end"><Button kind="primary" onClick={onClose}>I have copied it</Button></div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create a key" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <Field label="Name" value={name} onInput={setName} autoFocus placeholder="nightly-pipeline" help="What uses it." error={needed(name, 'A name')} refused={problem?.field === 'name' ? problem.detail : null} />
        {!installation && <Select label={`Role in ${project.value!.displayName}`} value={role} onChange={(value) => setRole(value as KeyRole)} options={ROLES.map((each) => ({ value: each, label: words(each.toLowerCase()) }))} help={HELP[role] ?? ROLE_HELP} />}
        <Field label="Last day" type="date" required={false} value={expires} onInput={setExpires} help="It ends with this day, in UTC. Empty: never." error={past} />
        {me.value!.installationAdmin && <Checkbox label="Administers the installation" help="For automation that makes projects; not bound to this one." checked={installation} onChange={setInstallation} />}
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Creating…' : false}>Create the key</Button></div>
      </form>
    </Dialog>
  );
}
