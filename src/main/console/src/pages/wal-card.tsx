import { useEffect, useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import type { Loaded } from '../api/load';
import type { Wal } from '../api/backups';
import { can, project } from '../frame/session';
import { age, bytes, plural } from '../text/format';
import { Button, Card, Facts, When } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Checkbox, Field } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { lookOf, State } from '../ui/state';
import type { Look } from '../ui/state';

const STATES: Record<string, Look> = {
  OFF: { word: 'off', shape: 'ring', tone: 'idle' },
  STARTING: { word: 'starting', shape: 'half', tone: 'busy' },
  STREAMING: { word: 'streaming', shape: 'dot', tone: 'good' },
  RECEIVING: { word: 'receiving what is pushed', shape: 'dot', tone: 'good' },
  FAILING: { word: 'failing, tried again', shape: 'square', tone: 'bad' },
  GIVING_UP: { word: 'giving up', shape: 'half', tone: 'bad' },
  GIVEN_UP: { word: 'given up', shape: 'cross', tone: 'bad' },
  STOPPING: { word: 'stopping', shape: 'half', tone: 'busy' },
};
const EVERY = 15_000;
const GIGABYTE = 2 ** 30;
const SHOWN_GAPS = 5;

/** How far the log of an instance is archived; a moment that is stored now was measured by the server's own clock. */
export function WalCard({ instance, wal }: { instance: string; wal: Loaded<Wal> }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const timer = window.setInterval(wal.reload, EVERY);
    return () => window.clearInterval(timer);
  }, []);
  const data = wal.data;
  return (
    <Card title="Log archive" aside={can('ADMIN') && data && <Button kind="quiet" onClick={() => setOpen(true)}>{data.enabled ? 'Change' : 'Switch on'}</Button>}>
      <Panel loaded={wal} rows={4}>{(shown) => (shown.state === 'OFF' && shown.stretches.length === 0
        ? <Empty title="Not archived">Restores of {instance} end at its backups. With its log archived they can end at any moment since, and how much would be lost with the server is measured.</Empty>
        : <Facts items={facts(shown)} />)}</Panel>
      {data?.message && <Trouble problem={{ title: 'Why', status: 0, detail: data.message }} calm />}
      {data && <Gaps wal={data} />}
      {open && data && <WalForm instance={instance} wal={data} onClose={() => setOpen(false)} done={() => { setOpen(false); wal.reload(); }} />}
    </Card>
  );
}

function facts(wal: Wal): Parameters<typeof Facts>[0]['items'] {
  const late = wal.rpoSeconds != null && wal.rpoSeconds > wal.rpoGoalSeconds;
  return [
    ['Archiving', <State look={lookOf(STATES, wal.state)} />],
    ['Stored up to', wal.coveredTo ? <When at={wal.coveredTo} /> : 'not measured'],
    ['Would be lost', wal.rpoSeconds == null ? 'not measured' : <span class="tabular">{age(wal.rpoSeconds * 1000)}<small>{late ? 'more than' : 'within'} the goal of {age(wal.rpoGoalSeconds * 1000)}</small></span>],
    ['Kept on the server', wal.retainedBytes == null ? 'not measured' : <span class="tabular">{bytes(wal.retainedBytes)}<small>{wal.giveUp ? 'given up' : 'an alarm'} from {bytes(wal.retainedLimitBytes)}</small></span>],
    ['Store', wal.store],
    ['Slot', wal.slot ? <span class="mono break">{wal.slot}</span> : 'none: the server pushes'],
    ['Without a gap since', <When at={wal.stretches[0]?.begunAt} none="not begun" />],
  ];
}

function Gaps({ wal }: { wal: Wal }) {
  const gaps = wal.stretches.filter((each) => each.gap);
  if (gaps.length === 0) return null;
  return (
    <div class="stack">
      <h3>{plural(gaps.length, 'gap')}</h3>
      <ul class="plain small">{gaps.slice(0, SHOWN_GAPS).map((each) => <li key={each.from + each.begunAt}>Before <span class="mono">{each.from}</span> (<When at={each.begunAt} />): {each.gap}.</li>)}</ul>
      {gaps.length > SHOWN_GAPS && <p class="muted small">and {gaps.length - SHOWN_GAPS} older</p>}
    </div>
  );
}

function within(text: string, least: number, most: number, unit: string): string | null {
  const value = Number(text);
  return text.trim() !== '' && value >= least && value <= most ? null : `From ${least} to ${most} ${unit}.`;
}

export function WalForm({ instance, wal, onClose, done }: { instance: string; wal: Wal; onClose: () => void; done: () => void }) {
  const [piece, setPiece] = useState(String(wal.pieceSeconds));
  const [goal, setGoal] = useState(String(wal.rpoGoalSeconds));
  const [limit, setLimit] = useState(String(wal.retainedLimitBytes / GIGABYTE));
  const [giveUp, setGiveUp] = useState(wal.giveUp);
  const wrong = { piece: within(piece, 5, 3600, 's'), goal: within(goal, 30, 604_800, 's'), limit: within(limit, 0.0625, 1_048_576, 'GiB') };
  const ready = !wrong.piece && !wrong.goal && !wrong.limit;
  const send = (enabled: boolean) => put(inProject(project.value!.name, ['instances', instance, 'wal']), ready && enabled
    ? { enabled, pieceSeconds: Math.round(Number(piece)), rpoGoalSeconds: Math.round(Number(goal)), retainedLimitBytes: Math.round(Number(limit) * GIGABYTE), giveUp }
    : { enabled });
  const save = useAction(() => send(true), () => { notify(wal.enabled ? 'Saved.' : `The log of ${instance} is archived from now on. Take a full backup for restores to begin with.`); done(); });
  const end = useAction(() => send(false), () => { notify(`The log of ${instance} is no longer archived; its slot is dropped.`); done(); });
  const problem = save.problem ?? end.problem;
  return (
    <Dialog title={`Log archive of ${instance}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !save.busy) void save.run(); }}>
        <p class="muted">A replication slot on the server keeps its log until it is stored here. What cannot be stored fills the server's disk, up to the limit.</p>
        <div class="form-grid">
          <Field label="Store at least every, s" value={piece} onInput={setPiece} numeric help="What is younger is lost with the server." error={wrong.piece} />
          <Field label="Goal, s" value={goal} onInput={setGoal} numeric help="A finding when the newest stored moment is older." error={wrong.goal} />
        </div>
        <Field label="Log kept on the server, GiB" value={limit} onInput={setLimit} numeric help="A critical finding from here on: stay well below what is free there." error={wrong.limit} />
        <Checkbox label="Give the slot up at that limit" checked={giveUp} onChange={setGiveUp} help="The server's disk does not fill; the archive gets a gap, and restores need a new backup." />
        {problem && <Trouble problem={problem} />}
        <div class="actions end">
          {wal.enabled && <Button kind="danger" busy={end.busy ? 'Switching off…' : false} onClick={() => void end.run()}>Switch off</Button>}
          <Button onClick={onClose}>Cancel</Button>
          <Button submit kind="primary" disabled={!ready} busy={save.busy ? 'Saving…' : false}>{wal.enabled ? 'Save' : 'Switch on'}</Button>
        </div>
      </form>
    </Dialog>
  );
}
