import { inProject } from '../api/client';
import { kinds, useAll, usePages } from '../api/load';
import type { Backup } from '../api/backups';
import type { Database } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { inStores } from '../text/drills';
import { bytes, duration, words } from '../text/format';
import { subjectOf } from '../text/kinds';
import { Button, Card, PageHead, When } from '../ui/bits';
import { Choice, Select } from '../ui/field';
import { later } from '../ui/later';
import { Empty, Panel } from '../ui/panel';
import { ProofState, brokenAt } from '../ui/state';
import { Export, Table } from '../ui/table';
import type { Column } from '../ui/table';
import { StartRun, useStart } from './start-run';

const Chains = later(() => import('./chains').then((its) => its.Chains));

const COLUMNS: Column<Backup>[] = [
  { key: 'instance', title: 'Instance', cell: (each) => subjectOf(each), text: (each) => subjectOf(each) },
  { key: 'taken', title: 'Taken', cell: (each) => <When at={each.takenAt} plain />, text: (each) => each.takenAt },
  {
    key: 'proof', title: 'Proof', text: (each) => each.proof.level, phone: 'top',
    cell: (each) => <ProofState proof={each.proof} damaged={each.state === 'DAMAGED'} />,
  },
  { key: 'proven', title: 'Proven', cell: (each) => <When at={each.proof.at} plain />, text: (each) => each.proof.at },
  { key: 'rto', title: 'Time to restore', unit: 'ms', cell: (each) => duration(each.proof.rtoMillis), text: (each) => each.proof.rtoMillis, numeric: true },
  { key: 'stored', title: 'Stored', unit: 'bytes', cell: (each) => bytes(each.storedBytes), text: (each) => each.storedBytes, numeric: true },
  { key: 'kind', title: 'Kind', cell: (each) => <span>{words(each.kind.toLowerCase())}{each.chain && each.chain.of > 1 ? ` ${each.chain.position} of ${each.chain.of}` : ''}</span>, text: (each) => each.kind },
  { key: 'store', title: 'Stores', cell: (each) => inStores(each), text: (each) => inStores(each) },
];

export function BackupsPage() {
  const name = project.value!.name;
  const database = query.value.get('database');
  const drawn = query.value.get('view') === 'chains';
  const backups = usePages<Backup>(inProject(name, ['backups'], { database }), kinds('backup'));
  const databases = useAll<Database>(inProject(name, ['databases']));
  const start = useStart();
  return (
    <>
      <PageHead title="Backups" sub="What is stored, and how far each has been proven to restore from the store that is named first">
        {can('OPERATOR') && <Button kind="primary" icon="backups" onClick={start.open}>Back up now</Button>}
      </PageHead>
      <Card flush>
        <div class="filters">
          <Select compact label="Database" value={database ?? ''} onChange={(value) => setQuery({ database: value })} options={[{ value: '', label: 'All databases' }, ...(databases.data ?? []).map((each) => each.name)]} />
          <Choice label="Shown as" value={drawn ? 'chains' : 'list'} onChange={(value) => setQuery({ view: value === 'chains' ? value : null })} options={[{ value: 'list', label: 'List' }, { value: 'chains', label: 'Chains' }]} />
          <span class="push"><Export name={`backups-${name}`} rows={backups.data ?? []} columns={COLUMNS} /></span>
        </div>
        <Panel loaded={backups} rows={8}>
          {(items) => (items.length > 0
            ? drawn ? <Chains backups={items} more={backups.more} loadingMore={backups.loadingMore} />
            : <Table caption="Backups" rows={items} columns={COLUMNS} keyOf={(each) => each.id} href={(each) => address(name, 'backups', each.id)} more={backups.more} loadingMore={backups.loadingMore}
                tone={(each) => (each.state === 'DAMAGED' || brokenAt(each.proof) ? 'bad' : undefined)} />
            : <Empty title={database ? `${database} has no backup yet` : 'No backup yet'} action={can('OPERATOR') && <Button kind="primary" onClick={start.open}>Take the first</Button>}>
              Each backup stands here with its size, its place in the chain and the proof that it restores.
            </Empty>)}
        </Panel>
      </Card>
      {start.shown && <StartRun job="backup" databases={database ? [database] : undefined} onClose={start.close} />}
    </>
  );
}
