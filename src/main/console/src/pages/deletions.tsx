import { useState } from 'preact/hooks';
import { inProject, post, put } from '../api/client';
import type { DeletionRequest, TwoPersonDeletion } from '../api/deletions';
import { kinds, useAll, useLoad } from '../api/load';
import { can, project } from '../frame/session';
import { DELETION, goingWords, tooFew } from '../text/deletions';
import { bytes, plural } from '../text/format';
import { Button, Card, Facts, PageHead, When } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { State } from '../ui/state';
import { Table } from '../ui/table';

/** What one person asked to have deleted, for another one to decide; and whether that is so here. */
export function DeletionsPage() {
  const name = project.value!.name;
  const setting = useLoad<TwoPersonDeletion>(inProject(name, ['two-person-deletion']), kinds('finding'));
  const requests = useAll<DeletionRequest>(inProject(name, ['deletion-requests']), kinds('finding'));
  const done = () => { setting.reload(); requests.reload(); };
  return (
    <>
      <PageHead title="Deletions" sub="What one person asks to have deleted waits here for another one, where the project wants that" />
      <Panel loaded={requests} rows={4}>
        {(all) => {
          const waiting = all.filter((each) => each.state === 'WAITING');
          const over = all.filter((each) => each.state !== 'WAITING');
          return (
            <div class="grid">
              {waiting.map((each) => <Waiting key={each.id} request={each} done={done} />)}
              {waiting.length === 0 && (
                <Card title="Waiting">
                  <Empty title="Nothing waits">{setting.data?.on ? 'What somebody asks to have deleted stands here, with what would go, until another admin approves or refuses it.' : 'Where two people delete, what one of them asks for stands here. It is off in this project.'}</Empty>
                </Card>
              )}
              <Card title="Two-person deletion"><Panel loaded={setting} rows={3}>{(it) => <Setting setting={it} done={done} />}</Panel></Card>
              {over.length > 0 && <Card title="Decided" flush><Decided requests={over} /></Card>}
            </div>
          );
        }}
      </Panel>
    </>
  );
}

function Waiting({ request, done }: { request: DeletionRequest; done: () => void }) {
  const [dialog, open] = useState<'approve' | 'refuse' | null>(null);
  const at = (act: string) => inProject(project.value!.name, ['deletion-requests', request.id, act]);
  return (
    <Card title={request.what} aside={<State look={DELETION.WAITING} />}>
      <div class="form">
        <Facts items={[
          ['Asked by', <>{request.askedBy}{request.askedWith && `, by the key ${request.askedWith}`}, <When at={request.askedAt} /></>],
          ['Why', request.why ?? 'not said'],
          ['Would go', goingWords(request)],
          ['Runs out', <When at={request.until} />],
        ]} />
        {request.servers.length > 0 && <Servers request={request} />}
        {request.means.map((each) => <p key={each} class="muted">{each}</p>)}
        {can('ADMIN') && (
          <div class="actions">
            <Button kind="danger" disabled={!request.mayApprove} onClick={() => open('approve')}>Approve and delete</Button>
            <Button onClick={() => open('refuse')}>Refuse</Button>
          </div>
        )}
        {request.whyNot && <p role="note">{request.whyNot}</p>}
      </div>
      {dialog === 'approve' && (
        <Confirm title="Approve this deletion" verb="Approve and delete" busyWord="Judging anew…" onClose={() => open(null)}
          act={async () => { await post(at('approve')); notify('It is done.'); done(); }}>
          <p><b>{request.askedBy}</b> asks: {request.what}. What goes does not come back: {goingWords(request)}.</p>
          <p>It is judged anew first. If more would go than stands here, or it cannot be done, nothing is done, and it has to be asked for anew.</p>
        </Confirm>
      )}
      {dialog === 'refuse' && <Refuse at={at('refuse')} onClose={() => open(null)} done={() => { open(null); done(); }} />}
    </Card>
  );
}

function Refuse({ at, onClose, done }: { at: string; onClose: () => void; done: () => void }) {
  const [why, setWhy] = useState('');
  const { busy, problem, run } = useAction(() => post(at, { why }), () => { notify('It was refused. Nothing was deleted.'); done(); });
  return (
    <Dialog title="Refuse this deletion" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (!busy) void run(); }}>
        <p class="muted">Nothing is deleted. Who asked for it may ask again.</p>
        <Field label="Why" value={why} onInput={setWhy} autoFocus required={false} help="Who asked reads this." error={why.length > 500 ? 'At most 500 characters.' : null} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={why.length > 500} busy={busy ? 'Refusing…' : false}>Refuse</Button></div>
      </form>
    </Dialog>
  );
}

function Servers({ request }: { request: DeletionRequest }) {
  return (
    <Table caption="What would go of each server" rows={request.servers} keyOf={(each) => each.server} columns={[
      { key: 'server', title: 'Server', cell: (each) => <b>{each.server}</b>, sort: (each) => each.server },
      { key: 'backups', title: 'Backups', numeric: true, cell: (each) => each.reason ?? each.backups.length, sort: (each) => each.backups.length },
      { key: 'bytes', title: 'Stored', numeric: true, cell: (each) => bytes(each.bytes), sort: (each) => each.bytes },
      { key: 'log', title: 'Log', numeric: true, cell: (each) => bytes(each.logBytes), sort: (each) => each.logBytes },
      { key: 'window', title: 'What stays restores back to', cell: (each) => (each.windowFrom ? <When at={each.windowFrom} /> : <span class="muted">not about a window</span>) },
    ]} />
  );
}

function Decided({ requests }: { requests: DeletionRequest[] }) {
  return (
    <Table caption="Decided requests" rows={requests} keyOf={(each) => each.id} columns={[
      { key: 'what', title: 'What', cell: (each) => <span class="two"><b>{each.what}</b>{each.note && <small>{each.note}</small>}</span>, sort: (each) => each.what },
      { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={DELETION[each.state]} />, sort: (each) => each.state },
      { key: 'asked', title: 'Asked', cell: (each) => <span class="two"><span>{each.askedBy}</span><small><When at={each.askedAt} /></small></span>, sort: (each) => each.askedAt },
      { key: 'decided', title: 'Decided', cell: (each) => <span class="two"><span>{each.decidedBy ?? 'nobody'}</span><small><When at={each.decidedAt} /></small></span>, sort: (each) => each.decidedAt ?? '' },
    ]} />
  );
}

function Setting({ setting, done }: { setting: TwoPersonDeletion; done: () => void }) {
  const [off, askOff] = useState(false);
  const at = inProject(project.value!.name, ['two-person-deletion']);
  const on = useAction(() => put(at, { on: true }), () => { notify('From now on two people delete here.'); done(); });
  const few = tooFew(setting.admins);
  return (
    <div class="form">
      <p>{setting.on ? <><b>On</b>, switched on by {setting.by}, <When at={setting.since} />.</> : <><b>Off</b>: each admin deletes alone, at once.</>}</p>
      <p class="muted">Where it is on, these wait for another admin, up to {setting.hours} hours:</p>
      <ul class="plain">{setting.covers.map((each) => <li key={each}>{each}</li>)}</ul>
      <p class="muted">Scheduled expiry by policies goes on by itself. Not covered: which databases there are and their tags, what keeps new backups from being taken, and whoever has the repository database or the stores in hand. {plural(setting.admins, 'person', 'people')} may ask and approve here, each once their login and role are {setting.hours} hours old.</p>
      {on.problem && <Trouble problem={on.problem} />}
      {can('ADMIN') && !setting.on && <>{few && <p role="note">{few}</p>}<div class="actions"><Button kind="primary" disabled={few !== null} busy={on.busy ? 'Switching…' : false} onClick={() => void on.run()}>Have two people delete</Button></div></>}
      {can('ADMIN') && setting.on && <div class="actions"><Button onClick={() => askOff(true)}>Ask to switch it off</Button></div>}
      {off && (
        <Confirm title="Ask to switch it off" verb="Ask" busyWord="Asking…" onClose={() => askOff(false)} act={() => put(at, { on: false }).catch((failure: unknown) => { done(); throw failure; })}>
          <p>Another admin has to approve that. Until then two people delete here.</p>
        </Confirm>
      )}
    </div>
  );
}
