import { inProject } from '../api/client';
import { kinds, useAll, usePages } from '../api/load';
import type { Backup, ListedAdopted } from '../api/backups';
import type { Database } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { ourRow, theirRow, titleOf, together } from '../text/adopted';
import type { Row } from '../text/adopted';
import { inStores } from '../text/drills';
import { duration } from '../text/format';
import { subjectOf } from '../text/kinds';
import { Button, Card, PageHead, When } from '../ui/bits';
import { Choice, Select } from '../ui/field';
import { later } from '../ui/later';
import { Empty, Panel, Skeleton } from '../ui/panel';
import { brokenAt } from '../ui/state';
import { Export, Table } from '../ui/table';
import type { Column } from '../ui/table';
import { StateOf, Stored, Taken, TheirTrouble, kindOf } from './backup-cells';
import { StartRun, useStart } from './start-run';

const Chains = later(() => import('./chains').then((its) => its.Chains));

const COLUMNS: Column<Row>[] = [
  { key: 'instance', title: 'Instance', cell: instanceOf, text: instanceOf },
  { key: 'taken', title: 'Taken', cell: (each) => <Taken row={each} />, text: ({ ours, theirs }) => (ours ? ours.takenAt : theirs!.backup.endedAt) },
  { key: 'proof', title: 'Proof', phone: 'top', cell: (each) => <StateOf row={each} />, text: ({ ours, theirs }) => (ours ? ours.proof.level : `${titleOf(theirs!.tool)}, read-only`) },
  { key: 'proven', title: 'Proven', cell: ({ ours }) => <When at={ours?.proof.at} plain />, text: ({ ours }) => ours?.proof.at ?? null },
  { key: 'rto', title: 'Time to restore', unit: 'ms', cell: ({ ours }) => duration(ours?.proof.rtoMillis), text: ({ ours }) => ours?.proof.rtoMillis ?? null, numeric: true },
  { key: 'stored', title: 'Stored', unit: 'bytes', cell: (each) => <Stored row={each} />, text: ({ ours, theirs }) => (ours ?? theirs!.backup).storedBytes, numeric: true },
  { key: 'kind', title: 'Kind', cell: (each) => <span>{kindOf(each)}{each.ours?.chain && each.ours.chain.of > 1 ? ` ${each.ours.chain.position} of ${each.ours.chain.of}` : ''}</span>, text: ({ ours, theirs }) => (ours ?? theirs!.backup).kind },
  { key: 'store', title: 'Stores', cell: (each) => (each.theirs ? <span class="two"><span class="break">{placeOf(each)}</span><small>told <When at={each.theirs.reportedAt} plain /></small></span> : placeOf(each)), text: placeOf },
];

function instanceOf({ ours, theirs }: Row): string {
  return ours ? subjectOf(ours) : theirs!.instance;
}

/** The store, or the tool with its own name for the server. */
function placeOf({ ours, theirs }: Row): string {
  return ours ? inStores(ours) : `${titleOf(theirs!.tool)} ${theirs!.name}`;
}

export function BackupsPage() {
  const name = project.value!.name;
  const database = query.value.get('database');
  const drawn = query.value.get('view') === 'chains';
  const backups = usePages<Backup>(inProject(name, ['backups'], { database }), kinds('backup'));
  const adopted = usePages<ListedAdopted>(inProject(name, ['adopted-backups'], { database }), kinds('backup'));
  const lists = [backups, adopted];
  const ours = (backups.data ?? []).map(ourRow);
  const { rows, behind } = together([
    { rows: ours, goesOn: backups.more !== undefined },
    { rows: (adopted.data ?? []).map(theirRow), goesOn: adopted.more !== undefined },
  ]);
  const more = behind.length > 0 ? () => behind.forEach((at) => lists[at]!.more!()) : undefined;
  const theirs = adopted.data !== undefined && adopted.data.length > 0;
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
          <span class="push"><Export name={`backups-${name}`} rows={drawn ? ours : rows} columns={COLUMNS} /></span>
        </div>
        <Panel loaded={backups} rows={8}>
          {(items) => {
            if (drawn && items.length > 0) return <Chains backups={items} more={backups.more} loadingMore={backups.loadingMore} />;
            if (!drawn && rows.length > 0) {
              return <Table caption="Backups" rows={rows} columns={COLUMNS} keyOf={(each) => each.key} href={(each) => each.ours && address(name, 'backups', each.ours.id)} more={more} loadingMore={lists.some((each) => each.loadingMore)}
                tone={({ ours, theirs }) => ((ours ? ours.state === 'DAMAGED' || brokenAt(ours.proof) : theirs!.backup.failed) ? 'bad' : undefined)} />;
            }
            if (!drawn && adopted.data === undefined && adopted.busy) return <Skeleton rows={8} />;
            return (
              <Empty title={database ? `${database} has no backup yet` : 'No backup yet'} action={can('OPERATOR') && <Button kind="primary" onClick={start.open}>Take the first</Button>}>
                Each backup stands here with its size, its place in the chain and the proof that it restores.
              </Empty>
            );
          }}
        </Panel>
        <TheirTrouble of={adopted} />
        {theirs && <p class="muted small table-note">{drawn ? 'Backups that other tools told of stand in the list alone.' : 'Of backups that other tools took, this is what those told last. Nightshift has not read them.'}</p>}
      </Card>
      {start.shown && <StartRun job="backup" databases={database ? [database] : undefined} onClose={start.close} />}
    </>
  );
}
