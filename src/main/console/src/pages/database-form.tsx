import { useState } from 'preact/hooks';
import { inProject, post } from '../api/client';
import { useAll } from '../api/load';
import type { Check, Database, Instance } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { NEW_CONNECTION, connectionBody, connectionReady } from '../text/connection';
import { nameProblem, needed } from '../text/names';
import { Button, ButtonLink, Card, PageHead } from '../ui/bits';
import { notify, useAction } from '../ui/dialog';
import { Choice, Field, Select } from '../ui/field';
import { Skeleton, Trouble } from '../ui/panel';
import { CheckList } from './check-list';
import { ConnectionFields } from './connection-fields';

/** A database on a server that is known, or on a new one that is added with it. */
export function DatabaseForm() {
  const at = project.value!.name;
  const instances = useAll<Instance>(inProject(at, ['instances']));
  const [where, setWhere] = useState<'new' | 'known'>('new');
  const [name, setName] = useState('');
  const [dbname, setDbname] = useState('');
  const [instance, setInstance] = useState('');
  const [connection, setConnection] = useState(NEW_CONNECTION);
  const known = instances.data ?? [];
  const chosen = instance || known[0]?.name || '';
  const body = { name, dbname: dbname.trim() || name, ...(where === 'known' ? { instance: chosen } : connectionBody(connection)) };
  const ready = !nameProblem(name) && (where === 'known' ? chosen !== '' : connectionReady(connection));
  const [tested, setTested] = useState<{ body: string; check: Check } | null>(null);
  // The test is asked for by hand: a password sent at every key press would lock accounts and fill the server's log.
  const test = useAction(() => post<Check>(inProject(at, ['check']), body), (check) => setTested({ body: JSON.stringify(body), check }));
  const save = useAction(() => post<Database>(inProject(at, ['databases']), body), () => {
    go(address(at, 'databases', name));
    notify(`${name} is added.`);
  });
  const stale = tested !== null && tested.body !== JSON.stringify(body);
  return (
    <>
      <PageHead title="Add a database" sub="Nightshift connects with the role you give; nothing is installed on the server" />
      <div class="grid">
        <Card span={6}>
          <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !save.busy) void save.run(); }}>
            <Field label="Name in Nightshift" value={name} onInput={setName} mono autoFocus placeholder="shop" help="Lower-case letters, digits and hyphens. It never changes." error={nameProblem(name)} refused={save.problem?.field === 'name' ? save.problem.detail : null} />
            <Field label="Database on the server" value={dbname} onInput={setDbname} mono placeholder={name || 'shop'} required={false} help={dbname ? '' : `Empty: ${name || 'the same name'}.`} refused={save.problem?.field === 'dbname' ? save.problem.detail : null} />
            {known.length > 0 && <Choice label="Server" value={where} onChange={(value) => setWhere(value as 'new' | 'known')} options={[{ value: 'new', label: 'New server' }, { value: 'known', label: 'Known server' }]} />}
            {where === 'known'
              ? <Select label="Instance" value={chosen} onChange={setInstance} options={known.map((each) => ({ value: each.name, label: `${each.name} (${each.host}:${each.port})` }))} help={needed(chosen, 'An instance')} />
              : <ConnectionFields value={connection} onChange={setConnection} problem={save.problem ?? test.problem} />}
            {save.problem && <Trouble problem={save.problem} />}
            <div class="actions end">
              <ButtonLink href={address(at, 'databases')}>Cancel</ButtonLink>
              <Button onClick={test.run} disabled={!ready} busy={test.busy ? 'Testing…' : false}>Test the connection</Button>
              <Button submit kind="primary" disabled={!ready} busy={save.busy ? 'Adding…' : false}>Add the database</Button>
            </div>
          </form>
        </Card>
        <Card title="Connection test" span={6}>
          {test.busy ? <Skeleton rows={7} /> : test.problem ? <Trouble problem={test.problem} retry={test.run} />
            : tested ? <>{stale && <p class="hint">The form has changed since this test; test again before you add it.</p>}<CheckList check={tested.check} /></>
              : <div class="prose muted"><p>The test connects as Nightshift will, stores nothing, and says one by one:</p><ul><li>whether the server answers, and with TLS</li><li>whether the login and the database are right</li><li>whether its version can be backed up (from PostgreSQL 15)</li><li>which privileges are missing, each with the statement that gives it</li></ul></div>}
        </Card>
      </div>
    </>
  );
}
