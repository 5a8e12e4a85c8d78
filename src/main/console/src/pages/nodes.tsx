import { useEffect, useState } from 'preact/hooks';
import { post } from '../api/client';
import { useList, useLoad } from '../api/load';
import type { NodeInfo, RepositoryBackup } from '../api/types';
import { address } from '../routes';
import { age, bytes, duration, UNKNOWN } from '../text/format';
import { Button, ButtonLink, Card, Facts, PageHead, Remedy, When } from '../ui/bits';
import { Confirm, notify } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { State } from '../ui/state';
import { Table } from '../ui/table';

export function NodesPage() {
  const nodes = useList<NodeInfo>('/nodes', (change) => change.kind === 'run');
  const [asked, ask] = useState<NodeInfo | null>(null);
  // Heartbeats come every five seconds and are no change that the feed tells of.
  useEffect(() => {
    const timer = window.setInterval(() => { if (!document.hidden) nodes.reload(); }, 5000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <>
      <PageHead title="Nodes" sub="The servers of this installation; each can be lost without losing a run">
        <ButtonLink href="/api/support" download>Support bundle</ButtonLink>
      </PageHead>
      <Panel loaded={nodes} rows={3}>
        {(items) => (
          <>
            {items.filter((each) => !each.alive || each.clockOff).map((each) => <Warning key={each.id} node={each} />)}
            <Card flush>
              {items.length > 0
                ? <Table caption="Nodes" rows={items} keyOf={(each) => each.id} tone={(each) => (!each.alive ? 'bad' : each.clockOff ? 'warn' : undefined)} columns={[
                  { key: 'name', title: 'Node', cell: (each) => <b>{each.name}</b>, sort: (each) => each.name },
                  { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={look(each)} /> },
                  { key: 'heartbeat', title: 'Last heartbeat', cell: (each) => (each.alive ? `${duration(each.sinceHeartbeatMillis)} ago` : <When at={each.lastHeartbeat} />), sort: (each) => each.lastHeartbeat },
                  { key: 'runs', title: 'Runs', cell: (each) => each.runs, sort: (each) => each.runs, numeric: true },
                  { key: 'targets', title: 'Targets', cell: (each) => each.targets, sort: (each) => each.targets, numeric: true },
                  { key: 'load', title: 'Load', cell: (each) => (each.systemLoad == null ? <span class="muted">{UNKNOWN}</span> : each.systemLoad.toFixed(1)), sort: (each) => each.systemLoad, numeric: true },
                  { key: 'heap', title: 'Memory', cell: (each) => (each.heapUsedBytes == null ? <span class="muted">{UNKNOWN}</span> : `${bytes(each.heapUsedBytes)} of ${bytes(each.heapMaxBytes)}`), sort: (each) => each.heapUsedBytes, numeric: true },
                  { key: 'clock', title: 'Clock', cell: (each) => clockWords(each), sort: (each) => each.clockOffsetMillis, numeric: true },
                  { key: 'started', title: 'Started', cell: (each) => <When at={each.startedAt} />, sort: (each) => each.startedAt, numeric: true },
                  { key: 'version', title: 'Version', cell: (each) => <span class="mono">{each.version}</span>, numeric: true },
                  { key: 'acts', title: '', cell: (each) => <Steer node={each} ask={ask} /> },
                ]} />
                : <Empty title="No node has reported yet">A node registers when it starts and sends a heartbeat every five seconds.</Empty>}
            </Card>
          </>
        )}
      </Panel>
      <Repository />
      {asked && <Steering node={asked} onClose={() => { ask(null); nodes.reload(); }} />}
    </>
  );
}

const SET_UP = 'Register it as a database and back it up like any other, to a store that is not on this machine: docs/how-to/back-up-nightshift-itself.md.';

/** What would be lost with the repository's server. */
function Repository() {
  const known = useLoad<RepositoryBackup>('/repository/backup', (change) => change.kind === 'backup');
  return (
    <Card title="The repository">
      <Panel loaded={known} rows={2}>
        {(of) => (
          <>
            {!of.takenAt && <>
              <p><strong>{of.registered ? 'Nightshift has no good physical backup of itself.' : 'Nightshift takes no backups of itself.'}</strong> People, schedules, policies, holds, proofs and the audit log are in its repository alone; stores and recovery kits do not bring them back.</p>
              <Remedy text={SET_UP} of="the repository" />
            </>}
            {of.registered && <Facts items={[
              ['Registered as', <a href={address(of.project ?? '', 'backups')}>{of.instance} in {of.project}</a>],
              ['Newest backup', <><When at={of.takenAt} none="none" />{of.store && <> in {of.store}{of.store === 'local' && ', on this machine unless NIGHTSHIFT_STORE says otherwise'}</>}</>],
              ['Last proven restorable', <When at={of.provenAt} />],
              ['Its log goes on up to', <When at={of.coveredTo} none="not archived" />],
            ]} />}
          </>
        )}
      </Panel>
    </Card>
  );
}

function look(node: NodeInfo) {
  if (!node.alive) return { word: 'lost', shape: 'cross', tone: 'bad' } as const;
  return node.draining ? { word: 'draining', shape: 'half', tone: 'busy' } as const : { word: 'alive', shape: 'dot', tone: 'good' } as const;
}

function clockWords(node: NodeInfo): string {
  if (node.clockOffsetMillis == null) return UNKNOWN;
  if (!node.clockOff && Math.abs(node.clockOffsetMillis) < 100) return 'right';
  return `${duration(Math.abs(node.clockOffsetMillis))} ${node.clockOffsetMillis > 0 ? 'ahead' : 'behind'}`;
}

/** What needs a person, in words. */
function Warning({ node }: { node: NodeInfo }) {
  return (
    <section class={`reasons ${node.alive ? '' : 'bad'}`} aria-label={`About ${node.name}`}>
      <div>
        {node.alive
          ? <><p><strong>The clock of {node.name} is {clockWords(node)}{(node.clockOffsetMillis ?? 0) > 0 ? ' of' : ''} the repository’s.</strong></p><p class="remedy"><b>What to do</b> Synchronise both machines (NTP). Claims and leases go by the repository’s clock; times in backups and findings are this node’s.</p></>
          : <><p><strong>{node.name} has sent no heartbeat for {age(node.sinceHeartbeatMillis)} and has not signed off.</strong></p><p class="remedy"><b>What to do</b> Start it again, or see why its machine or its way to the repository is away. Its runs went on elsewhere, or say why not.</p></>}
      </div>
    </section>
  );
}

function Steer({ node, ask }: { node: NodeInfo; ask: (node: NodeInfo) => void }) {
  if (!node.alive) return null;
  if (node.draining && !node.drainAsked) return <span class="row-acts muted">by its drain file, or it is being stopped</span>;
  return <span class="row-acts"><Button kind="quiet" label={node.drainAsked ? `Resume ${node.name}` : `Drain ${node.name}`} onClick={() => ask(node)}>{node.drainAsked ? 'Resume' : 'Drain'}</Button></span>;
}

function Steering({ node, onClose }: { node: NodeInfo; onClose: () => void }) {
  const resume = node.drainAsked;
  return (
    <Confirm title={resume ? `Let ${node.name} take runs again` : `Drain ${node.name}`} verb={resume ? 'Resume' : 'Drain'} busyWord={resume ? 'Resuming…' : 'Draining…'} onClose={onClose}
      act={async () => { await post<NodeInfo>(`/nodes/${node.id}/${resume ? 'resume' : 'drain'}`); notify(resume ? `${node.name} takes runs again within five seconds.` : `${node.name} takes no new runs within five seconds.`); }}>
      {resume
        ? <p>It is ready again and takes runs, within five seconds.</p>
        : <p>It takes no new runs and says that it is not ready, so that load balancers send their requests elsewhere. {node.runs > 0 ? `What it works on now (${node.runs} ${node.runs === 1 ? 'run' : 'runs'}) goes on to its end.` : 'It works on nothing now.'} It drains until you resume it or it is started again. Where no other node takes runs, they wait.</p>}
    </Confirm>
  );
}
