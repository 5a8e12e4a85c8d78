import { useState } from 'preact/hooks';
import { inProject, post, remove } from '../api/client';
import { kinds, useList, useLoad } from '../api/load';
import type { Wal } from '../api/backups';
import type { Check, Database, Instance, RunItem } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { bytes, count, duration, plural } from '../text/format';
import { Button, Card, Facts, PageHead, When } from '../ui/bits';
import { Confirm, notify, useAction } from '../ui/dialog';
import { Empty, Missing, Panel, Skeleton, Trouble } from '../ui/panel';
import { BreakerState, ProofState } from '../ui/state';
import { CheckList } from './check-list';
import { ConnectionForm } from './connection-form';
import { DatabaseBackups } from './database-backups';
import { DrillsCard } from './drills-card';
import { RecoveryCard } from './recovery-card';
import { RunTable } from './run-table';
import { StartRun } from './start-run';
import { ThresholdsForm } from './thresholds-form';
import { WalCard } from './wal-card';

export function DatabasePage({ name }: { name: string }) {
  const at = project.value!.name;
  const database = useLoad<Database>(inProject(at, ['databases', name]), kinds('backup', 'run'));
  if (database.problem?.status === 404 && !database.data) return <Missing what={`Database ${name}`} back={address(at, 'databases')} backWord="All databases" />;
  return (
    <Panel loaded={database} skeleton={<><PageHead title={name} /><div class="grid">{[0, 1].map((each) => <div key={each} class="card span-6"><Skeleton rows={5} /></div>)}</div></>}>
      {(data) => <DatabaseView database={data} reload={database.reload} />}
    </Panel>
  );
}

type Open = 'delete' | 'thresholds' | 'connection' | null;

function DatabaseView({ database, reload }: { database: Database; reload: () => void }) {
  const at = project.value!.name;
  const instance = useLoad<Instance>(inProject(at, ['instances', database.instance]), kinds('run'));
  const wal = useLoad<Wal>(inProject(at, ['instances', database.instance, 'wal']), kinds('backup', 'instance'));
  const [job, setJob] = useState<string | null>(null);
  const [open, setOpen] = useState<Open>(null);
  const done = () => { setOpen(null); reload(); instance.reload(); };
  // An instance that was added with a database of the same name goes with its last one.
  const withInstance = database.instance === database.name && instance.data?.databases.length === 1;
  const version = instance.data?.serverVersion ?? database.lastCheck?.serverVersion;
  return (
    <>
      <PageHead title={database.name} sub={<span class="run-sub"><span>{version ? `PostgreSQL ${version}` : 'version not measured'}</span><span>{database.sizeBytes == null ? 'size not measured' : bytes(database.sizeBytes)}</span>{database.tags.map((tag) => <span class="tag" key={tag}>{tag}</span>)}</span>}>
        {can('OPERATOR') && <><Button onClick={() => setJob('vacuum')}>Vacuum</Button><Button onClick={() => setJob('restore-drill')}>Restore drill</Button><Button kind="primary" icon="backups" onClick={() => setJob('backup')}>Back up now</Button></>}
      </PageHead>
      <RecoveryCard database={database.name} instance={database.instance} wal={wal} />
      <div class="grid">
        <div class="span-6 stack">
          <InstanceCard database={database} instance={instance} edit={() => setOpen('connection')} />
          <CheckCard database={database} reload={() => { reload(); instance.reload(); }} />
          <Card title="Vacuum" aside={can('ADMIN') && <Button kind="quiet" onClick={() => setOpen('thresholds')}>Change</Button>}>
            <Facts items={[['Dead rows from', `${database.vacuum.deadPercent} %`], ['Changed rows from', `${database.vacuum.changedPercent} %`], ['Floor', `${count(database.vacuum.floorRows)} rows`]]} />
            <p class="muted small">A table is vacuumed when its dead rows, or analyzed when its changed rows, pass the share. Fewer dead, changed or inserted rows than the floor are left to autovacuum.</p>
          </Card>
        </div>
        <div class="span-6 stack">
          <Card title="Proof of the last backup" aside={database.backup && <a href={address(at, 'backups', database.backup.id)}>Backup</a>}>
            {database.backup
              ? <Facts items={[
                ['Proof', <ProofState proof={database.backup.proof} />],
                ['Proven', <span><When at={database.backup.proof.at} />{database.backup.proof.at && <small>in the store {database.backup.proof.store}</small>}</span>],
                ['Time to restore', duration(database.backup.proof.rtoMillis)],
                ['Taken', <When at={database.backup.takenAt} />],
                ['Stored', bytes(database.backup.storedBytes)],
                database.backup.proof.reason != null && ['Why no further', database.backup.proof.reason],
              ]} />
              : <Empty title="No backup yet" action={can('OPERATOR') && <Button kind="primary" onClick={() => setJob('backup')}>Take the first</Button>}>Its last backup and how far it is proven stand here.</Empty>}
          </Card>
          <DatabaseBackups name={database.name} instance={database.instance} />
          <DrillsCard database={database.name} />
          <WalCard instance={database.instance} wal={wal} />
        </div>
      </div>
      <Runs name={database.name} />
      {can('ADMIN') && <div class="danger-zone"><p class="muted small">Deleting ends the watch over this database. Its runs stay.</p><Button kind="quiet" onClick={() => setOpen('delete')}>Delete {database.name}</Button></div>}
      {job && <StartRun job={job} databases={[database.name]} onClose={() => setJob(null)} />}
      {open === 'thresholds' && <ThresholdsForm database={database} onClose={() => setOpen(null)} done={done} />}
      {open === 'connection' && instance.data && <ConnectionForm instance={instance.data} onClose={() => setOpen(null)} done={done} />}
      {open === 'delete' && (
        <Confirm title={`Delete database ${database.name}`} verb="Delete the database" busyWord="Deleting…" name={database.name} onClose={() => setOpen(null)}
          act={async () => { await remove(inProject(at, ['databases', database.name]), database.name); go(address(at, 'databases')); notify(`${database.name} is no longer watched over.`); }}>
          <p>Nightshift will no longer back up, prove or vacuum <b>{database.name}</b>, and its schedules skip it. The database itself and the runs stay as they are{withInstance ? '' : ', and so do the stored backups'}.</p>
          {withInstance && <p>The instance <b>{database.instance}</b> goes with it, its last database; this is refused while backups of the instance are held.</p>}
        </Confirm>
      )}
    </>
  );
}

function loginText(at: Omit<Instance, 'breaker' | 'pool'>): string {
  const password = at.passwordFile ? `password from ${at.passwordFile}` : at.passwordVariable ? `password from ${at.passwordVariable}` : at.hasPassword ? 'password kept encrypted' : 'no password';
  return at.clientCertificate ? `certificate ${at.clientCertificate}, ${password}` : password;
}

function InstanceCard({ database, instance, edit }: { database: Database; instance: ReturnType<typeof useLoad<Instance>>; edit: () => void }) {
  return (
    <Card title={`Instance ${database.instance}`} aside={can('ADMIN') && instance.data && <Button kind="quiet" onClick={edit}>Change</Button>}>
      <Panel loaded={instance} rows={5}>
        {({ breaker, pool, ...data }) => (
          <>
            <Facts items={[
              ['Server', <span class="mono break">{data.host}:{data.port}</span>],
              data.members.length > 0 && ['Other members', <span class="mono break">{data.members.join(', ')}<small>work is done on the primary</small></span>],
              ['Database there', <span class="mono">{database.dbname}</span>],
              ['Login', <span><span class="mono">{data.user}</span><small>{loginText(data)}</small></span>],
              ['TLS', data.tlsMode],
              ['Proof', data.proofDays === 0 ? 'none expected' : `at least every ${plural(data.proofDays, 'day')}`],
              ['Connections', pool ? <span class="tabular">{pool.active} at work, {pool.idle} idle<small>{pool.waiting > 0 ? `${pool.waiting} wait for one` : 'none waits'}</small></span> : 'not measured'],
              ['Breaker', breaker ? <span><BreakerState state={breaker.state} /><small>{breaker.state === 'CLOSED' ? (breaker.failures > 0 ? `${breaker.failures} failures in a row` : 'no failure') : breaker.retryAt ? <>tries again <When at={breaker.retryAt} /></> : 'tries again soon'}</small></span> : 'not measured'],
            ]} />
            {breaker?.state === 'OPEN' && <Trouble problem={{ title: 'Open', status: 0, detail: breaker.lastError ?? 'Several connections in a row failed.', remedy: 'Work on this instance pauses so that a sick server is not pressed further; test the connection to see more.' }} calm />}
          </>
        )}
      </Panel>
    </Card>
  );
}

function CheckCard({ database, reload }: { database: Database; reload: () => void }) {
  const [fresh, setFresh] = useState<Check | null>(null);
  const { busy, problem, run } = useAction(() => post<Check>(inProject(project.value!.name, ['databases', database.name, 'check'])), (check) => { setFresh(check); reload(); });
  const check = fresh ?? database.lastCheck;
  return (
    <Card title="Connection" aside={can('OPERATOR') && <Button kind="quiet" icon="refresh" busy={busy ? 'Testing…' : false} onClick={run}>Test now</Button>}>
      {problem && <Trouble problem={problem} />}
      {check ? <CheckList check={check} /> : <Empty title="Not checked yet">A test says what works, what is missing, and the statement that gives it.</Empty>}
    </Card>
  );
}

function Runs({ name }: { name: string }) {
  const at = project.value!.name;
  const runs = useList<RunItem>(inProject(at, ['runs'], { database: name, limit: 8 }), kinds('run', 'target'));
  return (
    <Card title="Runs" flush aside={<a href={`${address(at, 'runs')}?database=${name}`}>All of {name}</a>}>
      <Panel loaded={runs} rows={4}>{(items) => (items.length > 0 ? <RunTable runs={items} /> : <Empty title="Nothing has run here yet" />)}</Panel>
    </Card>
  );
}
