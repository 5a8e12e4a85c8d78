import { inProject } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { Backup } from '../api/backups';
import type { Instance } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { aimsOf } from '../text/aims';
import { copyLook } from '../text/drills';
import { bytes, count, duration, shortId } from '../text/format';
import { NOT_FOR_TABLES, chosenIn, isLogical, neededForRestoreOf, notForRestoreOf, subjectOf } from '../text/kinds';
import { Button, Card, Facts, PageHead, Remedy, When } from '../ui/bits';
import { Missing, Panel, Skeleton } from '../ui/panel';
import { ProofState, State, brokenAt } from '../ui/state';
import { Table } from '../ui/table';
import { BackupObjects } from './backup-objects';
import { HoldDialog } from './hold';
import { Ladder } from './ladder';
import { RowEvidence } from './row-evidence';
import { StartRun, useStart } from './start-run';

export function BackupPage({ id }: { id: string }) {
  const name = project.value!.name;
  const backup = useLoad<Backup>(inProject(name, ['backups', id]), kinds('backup'));
  const instance = useLoad<Instance>(backup.data ? inProject(name, ['instances', backup.data.instance]) : null);
  const proving = useStart();
  const restoring = useStart();
  const taking = useStart();
  const renewing = useStart();
  const holding = useStart();
  if (backup.problem?.status === 404 && !backup.data) return <Missing what="This backup" back={address(name, 'backups')} backWord="All backups" />;
  return (
    <Panel loaded={backup} skeleton={<><PageHead title="Backup" /><div class="card"><Skeleton rows={6} tall /></div></>}>
      {(data) => { const left = notChecked(data); const aims = aimsOf(data.databases, instance.data?.databases ?? []); const [aim] = aims; return (
        <>
          <PageHead title={`Backup of ${subjectOf(data)}`} sub={<span class="run-sub"><ProofState proof={data.proof} damaged={data.state === 'DAMAGED'} /><span>in {data.store}</span><span>taken <When at={data.takenAt} /></span><span>{bytes(data.storedBytes)} stored</span></span>}>
            {can(data.hold ? 'ADMIN' : 'OPERATOR') && <Button kind="quiet" onClick={holding.open}>{data.hold ? 'Take the hold away' : 'Put on hold'}</Button>}
            {can('OPERATOR') && !isLogical(data.kind) && <Button kind="quiet" onClick={taking.open} disabled={!aim}>Get tables back</Button>}
            {can('OPERATOR') && <Button onClick={restoring.open} icon="download" disabled={!aim}>Restore</Button>}
            {can('OPERATOR') && <Button kind={bad(data) ? undefined : 'primary'} onClick={proving.open} icon="check" disabled={!aim}>Prove now</Button>}
          </PageHead>
          {instance.data && !aim && can('OPERATOR') && <p class="muted">No database of {data.instance} is registered any more, so no job can aim at this backup. Add one, or restore it by hand.</p>}
          {(data.state === 'DAMAGED' || data.proof.reason) && (
            <section class={`reasons ${bad(data) ? 'bad' : ''}`} aria-label="Why the proof went no further">
              <div><p><strong>{data.proof.reason ?? 'This backup is damaged and cannot be relied on.'}</strong></p>
                {bad(data) ? <Remedy text="Do not rely on this backup: take a new one now and prove it. This one stays for inspection." of="this backup" /> : <p>What passed before that stands below.</p>}</div>
              {bad(data) && can('OPERATOR') && <Button kind="primary" icon="backups" onClick={renewing.open} disabled={!aim}>Back up now</Button>}
            </section>
          )}
          <div class="grid">
            <Card title={`Proof in ${data.store}`} span={8} aside={data.proof.run && <a href={address(name, 'runs', data.proof.run)}>drill {shortId(data.proof.run)}</a>}><Ladder proof={data.proof} dump={isLogical(data.kind)} /></Card>
            <div class="span-4 stack">
              <Card title="Time to restore"><p class="figure solo">{data.proof.rtoMillis == null ? <span>not measured</span> : <b>{duration(data.proof.rtoMillis)}</b>}</p><p class="muted">{data.proof.rtoMillis == null ? isLogical(data.kind) ? 'A drill measures it: from the first byte read until pg_restore is through.' : 'A drill measures it: from the first byte read to a recovered server that answers.' : isLogical(data.kind) ? 'Measured in the last drill, from the first byte read until pg_restore was through.' : 'Measured in the last drill, from the first byte read to a recovered server that answered.'}</p></Card>
              <Card title="Not checked">
                {data.proof.levelNumber < 0 ? <p class="muted">Nothing has been checked yet.</p> : brokenAt(data.proof) ? <p class="muted">Whatever comes after L{brokenAt(data.proof)!.number}: a drill ends where it fails.</p> : left.length > 0 ? <ul class="plain">{left.map((each) => <li key={each}>{each}</li>)}</ul> : <p class="muted">Nothing was left out.</p>}
              </Card>
            </div>
          </div>
          <Copies data={data} />
          <RowEvidence id={data.id} />
          <BackupObjects id={data.id} />
          <Details data={data} />
          {holding.shown && <HoldDialog backup={data} onClose={holding.close} done={() => { holding.close(); backup.reload(); }} />}
          {renewing.shown && <StartRun job="backup" databases={aims} onClose={renewing.close} />}
          {aim && proving.shown && <StartRun title="Prove this backup" job="restore-drill" databases={[aim]} fixed={{ backup: data.id }} onClose={proving.close}
            intro={isLogical(data.kind) ? <p>pg_restore restores this backup into a scratch server, its rows are compared with the source’s in the same snapshot, and the server is thrown away. Nothing of the source is touched.</p> : <p>A scratch server restores this backup, recovers it, compares its rows with the source’s, checks it, and is thrown away. Nothing of the source is touched.</p>} />}
          {aim && taking.shown && <StartRun title="Restore a database or tables" job="restore" databases={[aim]} fixed={{ backup: data.id }} hidden={NOT_FOR_TABLES} needed={['newDatabase']} onClose={taking.close}
            intro={<p>A scratch server restores this backup and recovers it; one of its databases, or what you choose of it, goes into a new database of a registered server, and the rows of both are compared. Nothing that is there is touched.</p>} />}
          {aim && restoring.shown && <StartRun title="Restore this backup" job="restore" databases={[aim]} fixed={{ backup: data.id }} hidden={notForRestoreOf(data.kind)} needed={neededForRestoreOf(data.kind)} onClose={restoring.close}
            intro={isLogical(data.kind) ? <p>The database <b>{data.databases.join(', ')}</b> is restored into a new database of a registered server, by pg_restore with the rights of Nightshift’s role there: what it has the server do comes out of the backup. A database that is there is never touched.</p> : <p>The whole instance{data.databases.length > 0 && <> with <b>{data.databases.join(', ')}</b></>} is written to a new or empty folder on the Nightshift node, as a cluster that PostgreSQL {data.serverVersion?.split('.')[0]} starts. A folder that holds anything is refused.</p>} />}
        </>
      ); }}
    </Panel>
  );
}

function bad(backup: Backup): boolean {
  return backup.state === 'DAMAGED' || brokenAt(backup.proof) !== undefined;
}

/** What the proof itself names, and the rungs above the one it was asked for. */
function notChecked({ proof }: Backup): string[] {
  const above = proof.reason ? [] : UNASKED.filter((each) => proof.levelNumber < each.number && proof.ladder.find((rung) => rung.number === each.number)?.reason == null);
  return [...proof.notChecked, ...above.map((each) => each.words)];
}

const UNASKED = [
  { number: 1, words: 'Whether the stored objects still have their checksums: no drill was asked to look.' },
  { number: 2, words: 'Whether it decrypts and unpacks: no drill was asked to.' },
  { number: 3, words: 'Whether a server starts from it: no drill was asked to.' },
  { number: 4, words: 'Whether its rows equal the source’s: the last drill was not asked to compare them.' },
];

/** Each copy has a proof of its own: that of one says nothing of the other. */
function Copies({ data }: { data: Backup }) {
  const name = project.value!.name;
  if (data.copies.length === 0) return null;
  return (
    <Card title="Copies" flush>
      <Table caption="Copies" rows={data.copies} keyOf={(each) => each.store} columns={[
        { key: 'store', title: 'Store', cell: (each) => each.store },
        { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={copyLook(each.state)} /> },
        { key: 'proof', title: 'Proof', cell: (each) => <ProofState proof={each.proof} /> },
        { key: 'proven', title: 'Proven', cell: (each) => <When at={each.proof.at} plain /> },
        { key: 'listed', title: 'Listed', cell: (each) => <When at={each.verifiedAt} plain /> },
        { key: 'stored', title: 'Stored', cell: (each) => bytes(each.storedBytes), numeric: true },
        { key: 'run', title: 'Run', cell: (each) => <a href={address(name, 'runs', each.run)}>{shortId(each.run)}</a> },
      ]} />
    </Card>
  );
}

function Details({ data }: { data: Backup }) {
  const name = project.value!.name;
  return (
    <Card title="Details">
      <Facts items={[
        ['Databases', data.databases.length > 0 ? data.databases.map((each, index) => <span key={each}>{index > 0 && ', '}<a href={address(name, 'databases', each)}>{each}</a></span>) : '–'],
        ['Kind', <span>{data.kind.toLowerCase()}{data.chain && data.chain.of > 1 ? `, ${data.chain.position} of ${data.chain.of} in its chain` : ''}{data.fullBecause && <small>Another kind was asked for, but {data.fullBecause}.</small>}</span>],
        data.selection != null && ['Chosen', <span>{chosenIn(data.selection).map((each) => <span key={each}>{each}<br /></span>)}</span>],
        data.parent !== null && data.chain !== null && ['Needs', data.chain.backups.slice(0, -1).map((each, index) => <span key={each}>{index > 0 && ', '}<a href={address(name, 'backups', each)}>{shortId(each)}</a></span>)],
        data.hold != null && ['On hold', <span>{data.hold.reason}<small>by {data.hold.by}</small></span>],
        ['Server', data.serverVersion ? `PostgreSQL ${data.serverVersion}` : 'not measured'],
        ['Took', duration(data.durationMillis)],
        ['Plain size', bytes(data.sizeBytes)],
        ['Stored', `${bytes(data.storedBytes)}${data.sizeBytes && data.storedBytes ? `, ${Math.round((data.storedBytes / data.sizeBytes) * 100)} % of it` : ''}`],
        ['Store', <span>{data.store}<small class="mono break">{data.location}</small></span>],
        ['Page checksums', data.checksums == null ? (isLogical(data.kind) ? 'not looked at: a dump reads rows' : 'not measured') : data.checksums.enabled ? (data.checksums.failures === 0 ? `on, no failure reported${data.parent === null ? '' : ' in the blocks that were sent'}` : `on, ${count(data.checksums.failures)} failures reported`) : 'off on the server'],
        !isLogical(data.kind) && ['Tablespaces', count(data.tablespaces)],
        isLogical(data.kind) ? ['Snapshot at', <span class="mono">{data.startLsn ?? '–'}</span>] : ['Positions', <span class="mono">{data.startLsn ?? '–'} – {data.stopLsn ?? '–'}</span>],
        !isLogical(data.kind) && ['Recovers to', data.recoversTo ? <span class="mono">{data.recoversTo}</span> : '–'],
        !isLogical(data.kind) && ['Proven to', data.provenTo ? <span class="mono">{data.provenTo}</span> : 'not proven'],
        !isLogical(data.kind) && ['Timeline', count(data.timeline)],
        ['Key', data.keyId ? <span class="mono break">{data.keyId}</span> : '–'],
        ['Run', data.run ? <a href={address(name, 'runs', data.run)}>{shortId(data.run)}</a> : '–'],
        ['Id', <span class="mono break">{data.id}</span>],
      ]} />
    </Card>
  );
}
