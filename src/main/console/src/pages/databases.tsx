import { useState } from 'preact/hooks';
import { inProject } from '../api/client';
import { kinds, useAll } from '../api/load';
import { cutWords } from '../api/pages';
import type { Database, Instance } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { fits } from '../text/filter';
import { bytes } from '../text/format';
import { Button, ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Choice } from '../ui/field';
import { Empty, Panel } from '../ui/panel';
import { BreakerState, ProofState, State } from '../ui/state';
import { later } from '../ui/later';
import { Export, Table } from '../ui/table';
import type { Column } from '../ui/table';
import { StartRun, useStart } from './start-run';

const TABS = [{ value: 'databases', label: 'Databases' }, { value: 'instances', label: 'Instances' }];
const DELETED = { value: 'deleted', label: 'Deleted' };
const SUBS: Record<string, string> = { databases: 'What Nightshift watches over in this project', instances: 'The servers that they are on', deleted: 'What can be taken back' };
const Instances = later(() => import('./instances').then((its) => its.Instances));
const DeletedHere = later(() => import('./deleted').then((its) => its.DeletedHere));

export function DatabasesPage() {
  const [adding, setAdding] = useState(false);
  const tabs = can('ADMIN') ? [...TABS, DELETED] : TABS;
  const tab = tabs.find((each) => each.value === query.value.get('tab'))?.value ?? 'databases';
  return (
    <>
      <PageHead title="Databases" sub={SUBS[tab]}>
        {can('ADMIN') && tab !== 'deleted' && (tab === 'instances'
          ? <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>Add an instance</Button>
          : <ButtonLink kind="primary" icon="plus" href={address(project.value!.name, 'databases', undefined, 'new')}>Add a database</ButtonLink>)}
      </PageHead>
      <div class="tabs"><Choice label="Part" value={tab} onChange={(value) => setQuery({ tab: value === 'databases' ? null : value, q: null, sort: null })} options={tabs} /></div>
      {tab === 'instances' ? <Instances adding={adding} close={() => setAdding(false)} /> : tab === 'deleted' ? <DeletedHere /> : <Databases />}
    </>
  );
}

function Databases() {
  const name = project.value!.name;
  const databases = useAll<Database>(inProject(name, ['databases']), kinds('backup', 'run'));
  const instances = useAll<Instance>(inProject(name, ['instances']), kinds('run'));
  const [chosen, choose] = useState(new Set<string>());
  const start = useStart();
  const asked = query.value.get('q') ?? '';
  const instanceOf = (each: Database) => instances.data?.find((one) => one.name === each.instance);
  const add = address(name, 'databases', undefined, 'new');
  const columns: Column<Database>[] = [
    { key: 'name', title: 'Database', cell: (each) => each.name, sort: (each) => each.name, text: (each) => each.name },
    { key: 'instance', title: 'Instance', cell: (each) => <span class="two">{each.instance}<small>{instanceOf(each)?.serverVersion ? `PostgreSQL ${instanceOf(each)!.serverVersion}` : 'version not measured'}</small></span>, sort: (each) => each.instance, text: (each) => each.instance },
    { key: 'state', title: 'Connection', phone: 'top', cell: (each) => <Connection database={each} instance={instanceOf(each)} />, text: (each) => instanceOf(each)?.breaker?.state ?? null },
    { key: 'size', title: 'Size', unit: 'bytes', cell: (each) => bytes(each.sizeBytes), sort: (each) => each.sizeBytes, text: (each) => each.sizeBytes, numeric: true },
    { key: 'proof', title: 'Proof', cell: (each) => (each.backup ? <ProofState proof={each.backup.proof} /> : <span class="muted">no backup</span>), sort: (each) => each.backup?.proof.levelNumber ?? null, text: (each) => each.backup?.proof.level ?? null },
    { key: 'backup', title: 'Last backup', cell: (each) => <When at={each.backup?.takenAt} plain />, sort: (each) => each.backup?.takenAt ?? null, text: (each) => each.backup?.takenAt ?? null, numeric: true },
    { key: 'tags', title: 'Tags', cell: (each) => (each.tags.length > 0 ? each.tags.map((tag) => <span class="tag" key={tag}>{tag}</span>) : <span class="muted">–</span>), text: (each) => each.tags.join(', '), phone: 'hide' },
  ];
  return (
    <Card flush>
      <Panel loaded={databases} rows={8}>
        {(items) => {
          if (items.length === 0) {
            return <Empty title="No database is watched over yet" action={can('ADMIN') && <ButtonLink kind="primary" icon="plus" href={add}>Add a database</ButtonLink>}>
              Each stands here with its server, its size and how far its last backup is proven.
            </Empty>;
          }
          const shown = items.filter((each) => fits(asked, each.name, each.instance, ...each.tags));
          const keys = new Set(shown.filter((each) => chosen.has(each.name)).map((each) => each.name));
          const selected = can('OPERATOR') ? {
            keys,
            toggle: (key: string) => { const next = new Set(chosen); if (!next.delete(key)) next.add(key); choose(next); },
            all: () => choose(keys.size === shown.length ? new Set() : new Set(shown.map((each) => each.name))),
          } : undefined;
          return (
            <>
              <div class="filters">
                <input type="search" class="filter-box" aria-label="Filter databases" placeholder="Name, instance or tag" value={asked} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
                {selected && <Button disabled={keys.size === 0} icon="runs" onClick={start.open}>{keys.size === 0 ? 'Run a job on chosen ones' : `Run a job on ${keys.size}`}</Button>}
                <span class="push"><Export name={`databases-${name}`} rows={shown} columns={columns} /></span>
              </div>
              {shown.length > 0
                ? <Table caption="Databases" rows={shown} columns={columns} keyOf={(each) => each.name} href={(each) => address(name, 'databases', each.name)} selected={selected} />
                : <Empty title="No database fits" action={<Button onClick={() => setQuery({ q: null })}>Clear the filter</Button>} />}
              {cutWords(items.length) && <p class="table-more muted">{cutWords(items.length)}</p>}
              {start.shown && <StartRun databases={[...keys]} onClose={start.close} />}
            </>
          );
        }}
      </Panel>
    </Card>
  );
}

/** The breaker says what is now; while it is closed the last check says more. */
function Connection({ database, instance }: { database: Database; instance: Instance | undefined }) {
  if (instance?.breaker && instance.breaker.state !== 'CLOSED') return <BreakerState state={instance.breaker.state} />;
  if (!database.lastCheck) return <State look={{ word: 'not checked', shape: 'ring', tone: 'idle' }} />;
  if (!database.lastCheck.ok) return <State look={{ word: 'check failed', shape: 'square', tone: 'bad' }} />;
  const warned = database.lastCheck.items.some((each) => each.state === 'WARNING');
  return <State look={warned ? { word: 'fine, with a remark', shape: 'triangle', tone: 'warn' } : { word: 'fine', shape: 'dot', tone: 'good' }} />;
}
