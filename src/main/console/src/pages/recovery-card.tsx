import { useEffect, useState } from 'preact/hooks';
import { asProblem, inProject, post } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { RecoveryWindow, RestorePlan } from '../api/backups';
import type { Problem, Values } from '../api/types';
import { can, project } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { go } from '../router';
import { bytes, duration, exact, plural } from '../text/format';
import { Button, Card, Facts, When } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { Empty, Panel, Trouble } from '../ui/panel';
import { requestRun } from './start-run';

const SETTLED = 400;
const KINDS = [
  { value: 'time', label: 'A time' },
  { value: 'latest', label: 'The latest that is stored' },
  { value: 'lsn', label: 'A position in the log' },
  { value: 'xid', label: 'A transaction' },
  { value: 'name', label: 'A restore point' },
];
const HELP: Record<string, string> = {
  time: 'ISO 8601 with its zone. Transactions that ended later are left out.',
  lsn: 'As the server prints it: 16/B374D848.',
  xid: 'Its number; it is the last one that is in.',
  name: 'As pg_create_restore_point was given it.',
};

/** Between which moments a database can be restored to any, and how. */
export function RecoveryCard({ database }: { database: string }) {
  const window = useLoad<RecoveryWindow>(inProject(project.value!.name, ['databases', database, 'recovery-window']), kinds('backup'));
  const [open, setOpen] = useState(false);
  const ready = window.data?.from != null;
  return (
    <Card title="Can be restored to" aside={can('OPERATOR') && ready && <Button kind="quiet" onClick={() => setOpen(true)}>Restore to a point</Button>}>
      <Panel loaded={window} rows={3}>{(data) => (data.from == null
        ? <Empty title="Nothing yet">With the first backup there is something to restore to; with the log archived, every moment after it.</Empty>
        : <>
          <Facts items={[
            ['From', <When at={data.from.at} none={data.from.lsn} />],
            ['To', <span><When at={data.to?.at} none={data.to?.lsn ?? 'not known'} /><small>the last transaction that is stored</small></span>],
            ['Gaps', data.gaps.length === 0 ? 'none' : plural(data.gaps.length, 'gap')],
            ['Timeline', String(data.timeline)],
          ]} />
          {data.gaps.length > 0 && <ul class="plain small">{data.gaps.map((gap) => <li key={gap.from.lsn}>Nothing between <Edge point={gap.from} /> and <Edge point={gap.to} />.</li>)}</ul>}
        </>)}
      </Panel>
      {open && window.data && <RestoreForm database={database} window={window.data} onClose={() => setOpen(false)} />}
    </Card>
  );
}

function Edge({ point }: { point: { lsn: string; at: string | null } }) {
  return point.at ? <span title={point.lsn}>{exact(point.at, zone())}</span> : <span class="mono">{point.lsn}</span>;
}

function RestoreForm({ database, window, onClose }: { database: string; window: RecoveryWindow; onClose: () => void }) {
  const at = project.value!.name;
  const first = window.from?.at ?? null;
  const last = window.to?.at ?? null;
  const [kind, setKind] = useState(first && last ? 'time' : 'latest');
  const [point, setPoint] = useState(last ?? '');
  const [folder, setFolder] = useState('');
  const [plan, setPlan] = useState<RestorePlan | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = kind === 'latest' || point.trim() !== '';
  useEffect(() => {
    setPlan(null);
    setProblem(null);
    if (!asked) return;
    let old = false;
    const timer = globalThis.setTimeout(() => {
      post<RestorePlan>(inProject(at, ['databases', database, 'restore-plan']), { to: kind === 'latest' ? { latest: true } : { [kind]: point.trim() } })
        .then((found) => { if (!old) setPlan(found); }, (failure: unknown) => { if (!old) setProblem(asProblem(failure)); });
    }, SETTLED);
    return () => { old = true; globalThis.clearTimeout(timer); };
  }, [kind, point]);
  const parameters = (more: Values): Values => (kind === 'latest' ? { to: kind, ...more } : { to: kind, point: point.trim(), ...more });
  const started = (run: { id: string }) => { onClose(); go(address(at, 'runs', run.id)); notify('The run was started.'); };
  const restore = useAction(() => requestRun(at, 'restore', [database], parameters({ folder: folder.trim() })), started);
  const rehearse = useAction(() => requestRun(at, 'restore-drill', [database], parameters({})), started);
  const reachable = plan?.reachable === true;
  return (
    <Dialog title={`Restore ${database} to a point`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (reachable && folder.trim() && !restore.busy) void restore.run(); }}>
        <Select label="Up to" value={kind} options={KINDS} onChange={(value) => { setKind(value); setPoint(value === 'time' ? last ?? '' : ''); }} />
        {kind === 'time' && first && last && <Slider first={first} last={last} point={point} onPick={setPoint} />}
        {kind !== 'latest' && <Field label="Point" value={point} onInput={setPoint} mono help={HELP[kind]} />}
        {problem && <Trouble problem={problem} />}
        <div class="plan" role="status" aria-live="polite">
          {plan && (plan.reachable ? <Plan plan={plan} /> : <Trouble problem={{ title: 'Cannot be reached', status: 0, detail: plan.reason ?? '', remedy: plan.remedy ?? undefined }} calm />)}
          {!plan && !problem && asked && <p class="muted">Planning…</p>}
        </div>
        <Field label="Folder" value={folder} onInput={setFolder} mono required={false} help="Of Nightshift's machine, new or empty, below a folder that the installation allows. It gets the whole server's cluster; nothing is started. A rehearsal needs none." />
        {(restore.problem ?? rehearse.problem) && <Trouble problem={(restore.problem ?? rehearse.problem)!} />}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!reachable} busy={rehearse.busy ? 'Starting…' : false} onClick={() => void rehearse.run()}>Rehearse in a sandbox</Button>
          <Button submit kind="primary" disabled={!reachable || !folder.trim()} busy={restore.busy ? 'Starting…' : false}>Restore</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Any second of the window, by pointer or arrow keys. */
function Slider({ first, last, point, onPick }: { first: string; last: string; point: string; onPick: (at: string) => void }) {
  const from = Math.ceil(Date.parse(first) / 1000);
  const to = Math.max(from, Math.floor(Date.parse(last) / 1000));
  const value = Math.min(to, Math.max(from, Math.floor((Date.parse(point) || Date.parse(last)) / 1000)));
  return (
    <div class="field">
      <input type="range" min={from} max={to} step={1} value={value} aria-label="Moment" aria-valuetext={exact(value * 1000, zone())}
        onInput={(event) => onPick(new Date(Number(event.currentTarget.value) * 1000).toISOString())} />
      <p class="help"><span>{exact(value * 1000, zone())}</span></p>
    </div>
  );
}

function Plan({ plan }: { plan: RestorePlan }) {
  const at = project.value!.name;
  return (
    <>
      <Facts items={[
        ['Starts from', plan.backup ? <a href={address(at, 'backups', plan.backup)}>{plan.chain.length > 1 ? `a chain of ${plan.chain.length} backups` : 'a full backup'}</a> : 'not known'],
        ['Read from', plan.store ?? 'not known'],
        ['Finished', <When at={plan.backupFinishedAt} />],
        ['Log behind it', plan.segments == null || plan.segments.count === 0 ? 'none' : `${plan.certain ? '' : 'at most '}${plural(plan.segments.count, 'segment')}, ${bytes(plan.segments.bytes)}`],
        ['Its restore took', duration(plan.backupRestoreMillis)],
      ]} />
      {!plan.certain && <p class="muted small">Whether the point is in that log shows when it is read; if it is not, the run fails and leaves nothing behind.</p>}
    </>
  );
}
