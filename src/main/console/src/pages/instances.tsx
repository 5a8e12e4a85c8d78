import { useState } from 'preact/hooks';
import { inProject, remove } from '../api/client';
import { kinds, useAll } from '../api/load';
import { cutWords } from '../api/pages';
import type { Instance } from '../api/types';
import { can, project } from '../frame/session';
import { query, setQuery } from '../router';
import { address } from '../routes';
import { fits } from '../text/filter';
import { plural } from '../text/format';
import { Button, Card } from '../ui/bits';
import { Confirm, notify } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { BreakerState } from '../ui/state';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';
import { ConnectionForm } from './connection-form';

/** More than a few are found in the list of databases. */
const MOST_NAMES = 3;

/** The servers that databases are on; each is added with its first database, or here by itself. */
export function Instances({ adding, close }: { adding: boolean; close: () => void }) {
  const name = project.value!.name;
  const instances = useAll<Instance>(inProject(name, ['instances']), kinds('run'));
  const [changing, change] = useState<Instance | null>(null);
  const [deleting, setDeleting] = useState<Instance | null>(null);
  const asked = query.value.get('q') ?? '';
  const done = () => { change(null); setDeleting(null); close(); instances.reload(); };
  const columns: Column<Instance>[] = [
    { key: 'name', title: 'Instance', cell: (each) => <b>{each.name}</b>, sort: (each) => each.name },
    { key: 'state', title: 'Breaker', phone: 'top', cell: (each) => (each.breaker ? <BreakerState state={each.breaker.state} /> : <span class="muted">not measured</span>), sort: (each) => each.breaker?.state ?? null },
    { key: 'server', title: 'Server', phone: 'wide', cell: (each) => <span class="two"><span class="mono break">{each.host}:{each.port}{each.members.length > 0 && ` and ${plural(each.members.length, 'other', 'others')}`}</span><small>{each.serverVersion ? `PostgreSQL ${each.serverVersion}` : 'version not measured'}</small></span>, sort: (each) => each.host },
    { key: 'databases', title: 'Databases', cell: (each) => <Names instance={each} />, sort: (each) => each.databases.length },
    { key: 'proof', title: 'Proof', cell: (each) => proofWords(each.proofDays), sort: (each) => each.proofDays },
    ...(can('ADMIN') ? [{ key: 'acts', title: '', cell: (each: Instance) => (
      <span class="row-acts"><Button kind="quiet" label={`Change ${each.name}`} onClick={() => change(each)}>Change</Button>
        {each.databases.length === 0 && <Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button>}</span>) }] : []),
  ];
  return (
    <Card flush>
      <Panel loaded={instances} rows={5}>
        {(items) => {
          if (items.length === 0) return <Empty title="No instance yet">A PostgreSQL server that holds databases of this project stands here; it comes with the first of them, or by itself.</Empty>;
          const shown = items.filter((each) => fits(asked, each.name, each.host, ...each.members, ...each.tags, ...each.databases));
          return (
            <>
              <div class="filters"><input type="search" class="filter-box" aria-label="Filter instances" placeholder="Name, server or database" value={asked} onInput={(event) => setQuery({ q: event.currentTarget.value })} /></div>
              {shown.length > 0
                ? <Table caption="Instances" rows={shown} columns={columns} keyOf={(each) => each.name} tone={(each) => (each.breaker?.state === 'OPEN' ? 'bad' : undefined)} />
                : <Empty title="No instance fits" action={<Button onClick={() => setQuery({ q: null })}>Clear the filter</Button>} />}
              {cutWords(items.length) && <p class="table-more muted">{cutWords(items.length)}</p>}
            </>
          );
        }}
      </Panel>
      {adding && <ConnectionForm onClose={close} done={done} />}
      {changing && <ConnectionForm instance={changing} onClose={() => change(null)} done={done} />}
      {deleting && (
        <Confirm title={`Delete instance ${deleting.name}`} verb="Delete the instance" busyWord="Deleting…" name={deleting.name} onClose={() => setDeleting(null)}
          act={async () => { await remove(inProject(name, ['instances', deleting.name]), deleting.name); notify(`${deleting.name} is no longer known.`); instances.reload(); }}>
          <p>Nightshift forgets how <b>{deleting.name}</b> is reached, its password included. The server itself stays as it is. This is refused while backups of it are held.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Names({ instance }: { instance: Instance }) {
  const at = project.value!.name;
  const { databases, name } = instance;
  if (databases.length === 0) return <span class="muted">none</span>;
  return (
    <span>
      {databases.slice(0, MOST_NAMES).map((each, index) => <span key={each}>{index > 0 && ', '}<a href={address(at, 'databases', each)}>{each}</a></span>)}
      {databases.length > MOST_NAMES && <> and <a href={`${address(at, 'databases')}?q=${encodeURIComponent(name)}`}>{plural(databases.length - MOST_NAMES, 'more', 'more')}</a></>}
    </span>
  );
}

function proofWords(days: number) {
  return days === 0 ? <span class="muted">none expected</span> : `at least every ${plural(days, 'day')}`;
}
