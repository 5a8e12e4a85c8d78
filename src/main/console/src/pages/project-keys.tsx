import { useState } from 'preact/hooks';
import { inProject, me, path, post, remove } from '../api/client';
import { kinds, useList } from '../api/load';
import type { ProjectKey } from '../api/project-keys';
import type { AuditEntry, RunItem } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { percent, shortId } from '../text/format';
import { lastKitHolds, lookOfKey, primaryOf, usesOf, whyNotDestroy, whyNotRewrap, wrapped, wrappedWords } from '../text/project-keys';
import { Bar, Button, Card, Facts, PageHead, When } from '../ui/bits';
import { Confirm, notify, useAction } from '../ui/dialog';
import { Panel, Trouble } from '../ui/panel';
import { RunState, State } from '../ui/state';
import { Table } from '../ui/table';
import { ImportKit } from './import-kit';
import { MakeKit } from './make-kit';
import { isActive, isOver } from './run-table';
import { requestRun } from './start-run';

const REWRAP = 'rewrap-keys';

/** The keys that a project's backups open by, from the first to the last day of each, and who else could open them. */
export function ProjectKeysPage() {
  const at = project.value!.name;
  const admin = can('ADMIN');
  const keys = useList<ProjectKey>(inProject(at, ['keys']), kinds('backup', 'run'));
  const kits = useList<AuditEntry>(admin ? path(['audit'], { project: at, action: 'recovery-kit.make', limit: 1 }) : null, kinds('backup'));
  const [open, setOpen] = useState<'rotate' | 'kit' | 'import' | null>(null);
  const [destroying, setDestroying] = useState<ProjectKey | null>(null);
  const done = () => { setOpen(null); keys.reload(); kits.reload(); };
  const primary = primaryOf(keys.data ?? []);
  return (
    <>
      <PageHead title="Backup keys" sub="What opens the backups and archived logs of this project">
        {admin && <>
          {me.value!.installationAdmin && <Button kind="quiet" onClick={() => setOpen('import')}>Import a kit</Button>}
          <Button icon="refresh" onClick={() => { keys.reload(); setOpen('rotate'); }}>Rotate</Button>
          <Button kind="primary" icon="download" onClick={() => setOpen('kit')}>Make a recovery kit</Button>
        </>}
      </PageHead>
      {!admin && <p class="muted">Rotating keys and making recovery kits takes an admin of the project: whoever holds a kit and its passphrase can read every backup.</p>}
      {primary && primary.exportedAt === null && <NoKit primary={primary} />}
      <Card title="Keys" flush>
        <Panel loaded={keys} rows={2}>{(items) => (
          <Table caption="Keys" rows={items} keyOf={(each) => each.id} columns={[
            { key: 'id', title: 'Key', cell: (each) => <b class="mono">{each.id}</b> },
            { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={lookOfKey(each)} /> },
            { key: 'made', title: 'Made', cell: (each) => <When at={each.madeAt} plain /> },
            { key: 'kit', title: 'First in a kit or key file', cell: (each) => (each.exportedAt ? <When at={each.exportedAt} plain /> : each.exportedAt === undefined ? <span class="muted">not known</span> : each.primary || each.backups + each.logs > 0 ? <State look={{ word: 'in none', shape: 'triangle', tone: 'warn' }} /> : <span class="muted">in none</span>) },
            { key: 'uses', title: 'Opens, by the catalogue', phone: 'wide', cell: (each) => usesOf(each) },
            ...(admin ? [{ key: 'acts', title: '', cell: (each: ProjectKey) => <Destroy of={each} keys={items} onClick={() => { keys.reload(); setDestroying(each); }} /> }] : []),
          ]} />)}
        </Panel>
      </Card>
      <div class="grid">
        <div class="span-6 stack">{keys.data && <KitCard keys={keys.data} last={admin ? kits : null} />}</div>
        <div class="span-6 stack">{keys.data && <RewrapCard keys={keys.data} reload={keys.reload} />}</div>
      </div>
      {open === 'kit' && <MakeKit onClose={done} />}
      {open === 'import' && <ImportKit onClose={done} />}
      {open === 'rotate' && (
        <Confirm title="Rotate the project’s key" verb="Rotate" busyWord="Rotating…" onClose={() => setOpen(null)}
          act={async () => { await post(inProject(at, ['keys', 'rotate'])); notify('The new key wraps what is new. Make a recovery kit now.'); done(); }}>
          <p>A new key is made. It wraps the data keys of all that is new, at once and on every node; what is stored still opens by the older ones. Then:</p>
          <ul>
            <li>Make a recovery kit: the one of before does not hold the new key.</li>
            <li>Wrap anew what is stored. Descriptions are written, data is not.</li>
            <li>Destroy the old key, once nothing opens by it.</li>
          </ul>
          <p>This does not cure a leak. Whoever has the old key and a copy of a store’s descriptions of before reads these backups for as long as they can be had.</p>
        </Confirm>
      )}
      {destroying && (
        <Confirm title={`Destroy key ${destroying.id}`} verb="Destroy the key" busyWord="Reading every store…" name={destroying.id} onClose={() => { setDestroying(null); keys.reload(); }}
          act={async () => { await remove(inProject(at, ['keys', destroying.id]), destroying.id); notify(`Key ${destroying.id} is destroyed.`); }}>
          <p>By the catalogue nothing opens by <b class="mono">{destroying.id}</b>; what copies open by it does not know. Every description in every store is read first, those of copies too, which takes minutes where there are thousands; it is refused if any needs this key, or a store does not answer. If a copy does, wrap anew while its store answers.</p>
          <p>Copies of a store that Nightshift does not know are not looked at. What only this key opens is lost then, but for who holds a kit of before.</p>
        </Confirm>
      )}
    </>
  );
}

function NoKit({ primary }: { primary: ProjectKey }) {
  const used = primary.backups + primary.logs > 0;
  return (
    <section class="reasons" aria-label="No kit holds the newest key">
      <div>
        <p><strong>No recovery kit holds the newest key, {primary.id}.</strong></p>
        <p>{used ? `${usesOf(primary)} open by it, and so will what is taken from now on` : 'What is taken from now on opens by it'}: by this installation alone. If its repository or its master key is lost, all of that is lost with it.</p>
      </div>
    </section>
  );
}

function Destroy({ of, keys, onClick }: { of: ProjectKey; keys: ProjectKey[]; onClick: () => void }) {
  if (of.primary) return <span class="nothing" />;
  const why = whyNotDestroy(of, keys);
  if (why) return <span class="row-acts muted small">{why}</span>;
  return <span class="row-acts"><Button kind="quiet" label={`Destroy ${of.id}`} onClick={onClick}>Destroy</Button></span>;
}

/** Who holds the keys outside, as far as anybody wrote it down. */
function KitCard({ keys, last }: { keys: ProjectKey[]; last: ReturnType<typeof useList<AuditEntry>> | null }) {
  const primary = primaryOf(keys);
  const entry = last?.data?.[0];
  return (
    <Card title="Recovery kit">
      <Facts items={[
        ['Newest key', primary?.exportedAt ? <span><State look={{ word: 'was put into a kit or key file', shape: 'half', tone: 'idle' }} /><small>first <When at={primary.exportedAt} />; that the file arrived is not known</small></span> : primary?.exportedAt === undefined ? <span class="muted">not known</span> : <State look={{ word: 'in none', shape: 'triangle', tone: 'warn' }} />],
        last !== null && last.data !== undefined && ['Last kit', entry ? <span><When at={entry.at} /><small class="break">by {entry.who}</small></span> : <span>none<small>that the audit log still holds</small></span>],
        entry != null && ['It holds', lastKitHolds(entry, keys) ? 'the newest key' : <State look={{ word: 'not the newest key', shape: 'triangle', tone: 'warn' }} />],
      ]} />
      <p class="muted small">A kit holds all keys of the project, old and new, with its servers and stores, under a passphrase: what restores its backups without Nightshift. That it was made is known; whether somebody still has it is not. Make one after each rotation, and when a server came.</p>
    </Card>
  );
}

function RewrapCard({ keys, reload }: { keys: ProjectKey[]; reload: () => void }) {
  const at = project.value!.name;
  const runs = useList<RunItem>(inProject(at, ['runs'], { job: REWRAP, limit: 1 }), kinds('run', 'target'));
  const [run] = runs.data ?? [];
  const busy = run !== undefined && !isOver(run);
  const why = whyNotRewrap(keys);
  const start = useAction(() => requestRun(at, REWRAP, ['*'], {}), (started) => { reload(); go(address(at, 'runs', started.id)); });
  const found = wrapped(keys);
  return (
    <Card title="Wrapped by the newest key" aside={can('OPERATOR') && <Button kind={why || busy ? 'quiet' : undefined} disabled={why !== null || busy || !runs.data} busy={start.busy ? 'Starting…' : false} onClick={() => void start.run()}>Wrap anew</Button>}>
      <div class="stack">
        <div><p>{wrappedWords(keys)}</p>{found && <div class="run-bar"><Bar share={found.share} label="Opens by the newest key" /><span class="tabular">{percent(found.share)}</span></div>}</div>
        {start.problem && <Trouble problem={start.problem} />}
        {why && <p class="muted small">{why}</p>}
        {!why && found && <p class="muted small">Of each backup that is what lies where it was taken to. What its copies open by is known when they are read: a run reads all, and wraps what it finds.</p>}
        <Panel loaded={runs} rows={2}>{() => (run
          ? <Facts items={[
            ['Last run', <span><a href={address(at, 'runs', run.id)}>run {shortId(run.id)}</a><small><When at={run.startedAt ?? run.createdAt} /></small></span>],
            ['State', <span><RunState status={run.status} />{isActive(run) && run.progress != null && <small>{percent(run.progress)}</small>}</span>],
            typeof run.summary.figures['rewrapped'] === 'number' && ['Wrapped anew', String(run.summary.figures['rewrapped'])],
            typeof run.summary.figures['left'] === 'number' && Number(run.summary.figures['left']) > 0 && ['Left', <State look={{ word: String(run.summary.figures['left']), shape: 'triangle', tone: 'warn' }} />],
            isOver(run) && run.status !== 'COMPLETED' && ['All reached', 'not in this run: what it did not reach may open by an older key'],
            run.summary.reason != null && ['Why', <span class="break">{run.summary.reason}</span>],
          ]} />
          : <p class="muted small">No run is recorded. One is needed after a rotation, and where a store was away in the last.</p>)}</Panel>
      </div>
    </Card>
  );
}
