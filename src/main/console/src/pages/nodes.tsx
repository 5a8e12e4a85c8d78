import { useEffect } from 'preact/hooks';
import { useList } from '../api/load';
import type { NodeInfo } from '../api/types';
import { ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Empty, Panel } from '../ui/panel';
import { State } from '../ui/state';
import { Table } from '../ui/table';

export function NodesPage() {
  const nodes = useList<NodeInfo>('/nodes', (change) => change.kind === 'run');
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
      <Card flush>
        <Panel loaded={nodes} rows={3}>
          {(items) => (items.length > 0
            ? <Table caption="Nodes" rows={items} keyOf={(each) => each.id} tone={(each) => (each.alive ? undefined : 'bad')} columns={[
              { key: 'name', title: 'Node', cell: (each) => <b>{each.name}</b>, sort: (each) => each.name },
              { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={!each.alive ? { word: 'lost', shape: 'cross', tone: 'bad' } : each.draining ? { word: 'draining', shape: 'half', tone: 'busy' } : { word: 'alive', shape: 'dot', tone: 'good' }} /> },
              { key: 'heartbeat', title: 'Last heartbeat', cell: (each) => <When at={each.lastHeartbeat} />, sort: (each) => each.lastHeartbeat },
              { key: 'runs', title: 'Runs now', cell: (each) => each.runs, sort: (each) => each.runs, numeric: true },
              { key: 'started', title: 'Started', cell: (each) => <When at={each.startedAt} />, sort: (each) => each.startedAt, numeric: true },
              { key: 'version', title: 'Version', cell: (each) => <span class="mono">{each.version}</span>, numeric: true },
            ]} />
            : <Empty title="No node has reported yet">A node registers when it starts and sends a heartbeat every five seconds.</Empty>)}
        </Panel>
      </Card>
    </>
  );
}
