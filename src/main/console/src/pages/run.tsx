import { useState } from 'preact/hooks';
import { inProject, post } from '../api/client';
import { useList, useLoad } from '../api/load';
import type { Concerns } from '../api/load';
import type { Job, Run, Target, Values } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { bytes, count, percent, shortId, words } from '../text/format';
import { overdue, time, usually } from '../text/usual';
import { Bar, Button, Card, Facts, PageHead, Remedy, When } from '../ui/bits';
import { Confirm, notify, useAction } from '../ui/dialog';
import { Missing, Panel, Skeleton, Trouble } from '../ui/panel';
import { RunState } from '../ui/state';
import { later } from '../ui/later';
import { RunGrid, targetName } from './run-grid';
import { RunLog } from './run-log';
import { TRIGGERS, elapsed, isActive, triggerWords } from './run-table';

const RESTARTABLE = ['FAILED', 'PARTIAL', 'STOPPED', 'LOST', 'SKIPPED'];
/** A run that was never started has no targets to work on. */
const restartable = (run: Run) => RESTARTABLE.includes(run.status) && (run.targets ?? []).length > 0;
const STOPPABLE = ['QUEUED', 'WAITING', 'STARTED'];
const MORTAL = ['STARTED', 'STOPPING'];
const DeclareDead = later(() => import('./run-dead').then((its) => its.DeclareDead));
const RunAttempts = later(() => import('./run-attempts').then((its) => its.RunAttempts));

export function RunPage({ id }: { id: string }) {
  const name = project.value!.name;
  // A target's change carries the id of its run.
  const concerns: Concerns = (change) => (change.kind === 'run' || change.kind === 'target') && change.id === id;
  const run = useLoad<Run>(inProject(name, ['runs', id]), concerns);
  const jobs = useList<Job>('/jobs');
  if (run.problem?.status === 404 && !run.data) return <Missing what="This run" back={address(name, 'runs')} backWord="All runs" />;
  return (
    <Panel loaded={run} skeleton={<><PageHead title="Run" /><div class="card"><Skeleton rows={4} /></div><div class="card"><Skeleton rows={6} tall /></div></>}>
      {(data) => <RunView run={data} job={jobs.data?.find((each) => each.name === data.job)} changed={(answer) => { run.put(answer); run.reload(); }} reload={run.reload} />}
    </Panel>
  );
}

function RunView({ run, job, changed, reload }: { run: Run; job: Job | undefined; changed: (answer: Run) => void; reload: () => void }) {
  const base = ['runs', run.id];
  const name = project.value!.name;
  const [stopping, setStopping] = useState(false);
  const [burying, setBurying] = useState(false);
  const restart = useAction(() => post<Run>(inProject(name, [...base, 'restart'])), (answer) => { notify('Restarted: only what was not done is done again.'); changed(answer); });
  const asked = query.value;
  const targets = run.targets ?? [];
  const selected = targets.find((each) => each.id === asked.get('target'))
    ?? targets.find((each) => each.status === 'FAILED' || each.status === 'LOST') ?? targets.find((each) => each.status === 'STARTED') ?? (targets.length === 1 ? targets[0] : undefined);
  const everything = asked.get('target') === 'all';
  const target = everything ? undefined : selected;
  const step = target?.steps.find((each) => each.name === asked.get('step'));
  const took = elapsed(run);
  const active = isActive(run);
  const over = overdue(took, run);
  const failed = targets.filter((each) => each.status === 'FAILED' || each.status === 'LOST');
  // Left out for a reason that somebody has to remove counts as much as a failure.
  const told = [...failed, ...targets.filter((each) => each.status === 'SKIPPED' && each.reason)];
  const reasoned = told.length > 0 || Boolean(run.reason && !active);
  return (
    <>
      <PageHead title={job?.title ?? words(run.job)} sub={<span class="run-sub"><RunState status={run.status} /><span>run {shortId(run.id)}</span>{run.attempt > 1 && <span>attempt {run.attempt}</span>}</span>}>
        {can('OPERATOR') && MORTAL.includes(run.status) && <Button kind="quiet" onClick={() => setBurying(true)}>Declare dead</Button>}
        {can('OPERATOR') && STOPPABLE.includes(run.status) && <Button kind="danger" onClick={() => setStopping(true)}>Stop</Button>}
        {can('OPERATOR') && restartable(run) && !reasoned && <Button kind="primary" icon="refresh" busy={restart.busy ? 'Restarting…' : false} onClick={restart.run}>Restart what is not done</Button>}
      </PageHead>
      {restart.problem && <Trouble problem={restart.problem} />}
      {reasoned && (
        <Reasons run={run} told={told} action={can('OPERATOR') && restartable(run) && (
          <Button kind="primary" icon="refresh" busy={restart.busy ? 'Restarting…' : false} onClick={restart.run}>{targets.filter((each) => each.status !== 'COMPLETED').length === 1 ? 'Restart this target' : 'Restart what is not done'}</Button>)} />
      )}
      <Card>
        <div class="run-head">
          <Facts items={[
            ['Elapsed', <span class={`tabular ${over ? 'overdue' : ''}`}>{took == null ? 'not started' : time(took, active)}<small title="Of the last 20 runs of this job over exactly the same targets">{usually(took, run, targets.length) ?? ' '}</small></span>],
            ['Started', <span><When at={run.startedAt} none="not yet" /><small>{run.endedAt ? <>ended <When at={run.endedAt} /></> : run.reason && active ? run.reason : ' '}</small></span>],
            ['Started by', <span>{run.trigger === 'SCHEDULE' && run.schedule ? <a href={address(name, 'schedules')}>{run.schedule}</a> : triggerWords(run)}<small>{TRIGGERS[run.trigger]}</small></span>],
            ['Node', <span>{run.node ?? '–'}<small>attempt {run.attempt}</small></span>],
          ]} />
          {(active || run.status === 'WAITING' || run.status === 'QUEUED') && (
            <div class="run-bar"><Bar share={run.progress} label="Progress of the run" /><span class="tabular">{run.status === 'WAITING' ? (run.reason ?? 'waiting') : run.progress == null ? 'working' : percent(run.progress)}</span></div>
          )}
        </div>
        {Object.keys(run.parameters ?? {}).length > 0 && (
          <p class="parameters">{Object.entries(run.parameters).map(([key, value]) => <span key={key}><b>{job?.parameters.find((each) => each.name === key)?.label ?? words(key)}</b> {key === 'backup' ? <a href={address(name, 'backups', String(value))}>{shortId(String(value))}</a> : parameterValue(key, value)}</span>)}</p>
        )}
      </Card>
      <Card title="Targets and steps" flush aside={targets.length > 1 && <Button kind="quiet" pressed={!target} onClick={() => setQuery({ target: 'all', step: null })}>Log of all</Button>}>
        <RunGrid targets={targets} steps={job?.steps} selected={target} step={step?.name}
          select={(each, chosen) => setQuery({ target: each.id, step: chosen ?? null })} />
      </Card>
      {run.attempts?.length > 1 && <RunAttempts run={run} />}
      <RunLog key={`${run.id}/${target?.id ?? ''}`} run={run} target={target} step={step} />
      {burying && <DeclareDead run={run} title={job?.title ?? words(run.job)} path={inProject(name, [...base, 'declare-dead'])} changed={changed} onClose={() => { setBurying(false); reload(); }} />}
      {stopping && (
        <Confirm title={`Stop ${(job?.title ?? words(run.job)).toLowerCase()}`} verb="Stop the run" busyWord="Stopping…" onClose={() => { setStopping(false); reload(); }}
          act={async () => changed(await post<Run>(inProject(name, [...base, 'stop'])))}>
          <p>The running statements are cancelled. What is done stays; what is under way is thrown away and done again when the run is restarted. What does not end after a while is given up.</p>
        </Confirm>
      )}
    </>
  );
}

function parameterValue(name: string, value: Values[string]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  if (/kilobytespersecond$/i.test(name)) return `${count(value)} kB/s`;
  if (/minutes$/i.test(name)) return `${count(value)} min`;
  if (/millis(econds)?$/i.test(name)) return `${count(value)} ms`;
  return /bytes/i.test(name) ? bytes(value) : count(value);
}

/** Where one goes on from a failure. */
function places(run: Run, target: Target): [string, string][] {
  const name = project.value!.name;
  const backup = run.parameters?.backup ?? target.figures?.backup;
  return [
    ...(target.database ? [target.database] : target.databases).slice(0, 3).map((each): [string, string] => [address(name, 'databases', each), `Database ${each}`]),
    ...(typeof backup === 'string' ? [[address(name, 'backups', backup), 'The backup'] as [string, string]] : []),
  ];
}

/** Why it failed stands first, with what to do. */
function Reasons({ run, told, action }: { run: Run; told: Target[]; action: preact.ComponentChildren }) {
  const bad = run.status === 'FAILED' || run.status === 'LOST' || run.status === 'PARTIAL';
  return (
    <section class={`reasons ${bad ? 'bad' : ''}`} aria-label="What went wrong">
      <div>
        {told.length === 0 && <p><strong>{run.reason}</strong></p>}
        {told.slice(0, 5).map((each) => (
          <div key={each.id} class="reason">
            <p><strong>{targetName(each)}{each.status === 'SKIPPED' && ' was skipped'}: {each.reason ?? run.reason ?? 'It failed without saying why; the log has its last words.'}</strong></p>
            {each.remedy && <Remedy text={each.remedy} of={targetName(each)} />}
            <p class="reason-links">{places(run, each).map(([href, words]) => <a key={href} href={href}>{words}</a>)}</p>
          </div>
        ))}
        {told.length > 5 && <p class="muted">and {told.length - 5} more in the grid below</p>}
      </div>
      {action}
    </section>
  );
}
