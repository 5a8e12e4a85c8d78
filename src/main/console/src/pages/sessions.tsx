import { useState } from 'preact/hooks';
import { path, remove } from '../api/client';
import { useList } from '../api/load';
import type { Session } from '../api/access';
import { browser } from '../text/agent';
import { Button, Card, When } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { Table } from '../ui/table';

/** The caller's own sessions. */
export function OwnSessions() {
  const sessions = useList<Session>('/sessions');
  const [ending, setEnding] = useState(false);
  const others = (sessions.data ?? []).some((each) => !each.current);
  return (
    <Card title="Where you are logged in" flush aside={others && <Button onClick={() => setEnding(true)}>End all others</Button>}>
      <Panel loaded={sessions} rows={2}>{(items) => <SessionTable items={items} reload={sessions.reload} />}</Panel>
      {ending && (
        <Confirm title="End all other sessions" verb="End them" busyWord="Ending…" onClose={() => { setEnding(false); sessions.reload(); }} act={() => remove('/sessions')}>
          <p>Whoever uses Nightshift as you elsewhere has to log in again. This browser stays logged in.</p>
        </Confirm>
      )}
    </Card>
  );
}

/** Somebody else's, for who administers the installation. */
export function SessionsOf({ person, onClose }: { person: string; onClose: () => void }) {
  const sessions = useList<Session>(path(['sessions'], { person }));
  return (
    <Dialog title={`Sessions of ${person}`} onClose={onClose} wide light>
      <Panel loaded={sessions} rows={3}>{(items) => <SessionTable items={items} reload={sessions.reload} />}</Panel>
    </Dialog>
  );
}

function SessionTable({ items, reload }: { items: Session[]; reload: () => void }) {
  if (items.length === 0) return <Empty title="No open session">A session ends twelve hours after its last use, and seven days after its login.</Empty>;
  return (
    <Table caption="Sessions" rows={items} keyOf={(each) => each.id} columns={[
      { key: 'agent', title: 'Browser', cell: (each) => <span class="two"><b>{browser(each.agent)}</b><small class="mono">{each.from}</small></span> },
      { key: 'seen', title: 'Last used', cell: (each) => <When at={each.lastSeen} />, sort: (each) => each.lastSeen, numeric: true },
      { key: 'made', title: 'Logged in', cell: (each) => <When at={each.createdAt} />, sort: (each) => each.createdAt, numeric: true },
      { key: 'ends', title: 'Ends', cell: (each) => <When at={each.expires} />, sort: (each) => each.expires, numeric: true },
      { key: 'acts', title: '', cell: (each) => <span class="row-acts">{each.current ? <span class="muted">this one</span> : <End session={each} done={reload} />}</span> },
    ]} />
  );
}

function End({ session, done }: { session: Session; done: () => void }) {
  const { busy, problem, run } = useAction(() => remove(path(['sessions', session.id])), () => { notify('The session is ended.'); done(); });
  // Another page, or its end, may have been quicker.
  const gone = problem?.status === 404;
  return <Button kind="quiet" label={`End the session of ${browser(session.agent)} from ${session.from}`} busy={busy ? 'Ending…' : false} onClick={() => void (gone ? done() : run())}>{problem ? (gone ? 'Ended already' : problem.detail) : 'End'}</Button>;
}
