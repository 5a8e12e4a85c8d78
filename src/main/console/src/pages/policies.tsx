import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { inProject, remove } from '../api/client';
import { kinds, useAll, useList, useLoad } from '../api/load';
import type { Elsewhere, JudgedGoal, Policy, PolicyDetails, PolicySchedule } from '../api/policies';
import type { Database } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { describeCron } from '../text/cron';
import { plural } from '../text/format';
import { GOAL_WORDS, WORKS, keepWords, measureWords, nextWords, readsWords, wantedWords } from '../text/policies';
import { Button, Card, Facts, PageHead, When } from '../ui/bits';
import { Confirm, notify } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { RunState, State } from '../ui/state';
import type { Look } from '../ui/state';
import { Table } from '../ui/table';
import { aimWords } from './database-picker';
import { PolicyForm } from './policy-form';

const GOAL: Record<JudgedGoal['state'], Look> = {
  MET: { word: 'met', shape: 'dot', tone: 'good' },
  MISSED: { word: 'missed', shape: 'square', tone: 'bad' },
  UNKNOWN: { word: 'not measured', shape: 'dash', tone: 'idle' },
};

const PAUSED: Look = { word: 'paused', shape: 'dash', tone: 'warn' };

/** What is wanted of the backups of this project, and how it stands. */
export function PoliciesPage() {
  const at = project.value!.name;
  const policies = useList<Policy>(inProject(at, ['policies']), kinds('backup', 'finding', 'schedule'));
  const databases = useAll<Database>(inProject(at, ['databases']));
  const [form, setForm] = useState<Policy | 'new' | null>(null);
  const add = can('ADMIN') && <Button kind="primary" icon="plus" onClick={() => setForm('new')}>Add a policy</Button>;
  return (
    <>
      <PageHead title="Policies" sub="What is wanted of backups, held against what was measured">{add}</PageHead>
      <Card flush>
        <Panel loaded={policies} rows={3}>
          {(items) => (items.length === 0
            ? <Empty title="No policy yet">A policy says how much may be lost, how soon a server is back, how old proof and backup may be, what is done when, where backups go, and which to keep.</Empty>
            : <Table caption="Policies" rows={items} keyOf={(each) => each.name} href={(each) => address(at, 'policies', each.name)} columns={[
              { key: 'name', title: 'Policy', cell: (each) => <span class="two"><b>{each.name}</b>{each.description && <small class="break">{each.description}</small>}</span>, sort: (each) => each.name },
              { key: 'state', title: 'Goals', phone: 'top', cell: (each) => <Counts policy={each} />, sort: (each) => -each.counts.missed },
              { key: 'for', title: 'For', phone: 'wide', cell: (each) => <span class="two"><span class="break">{aimWords(each.databases)}</span><small>{plural(each.counts.instances, 'instance')}</small></span> },
              { key: 'keep', title: 'Keeps', phone: 'wide', cell: (each) => keepWords(each.keep) },
              { key: 'next', title: 'Does next', cell: (each) => <Next policy={each} />, sort: (each) => nextOf(each)?.nextFire ?? null },
              ...(can('ADMIN') ? [{ key: 'acts', title: '', cell: (each: Policy) => <span class="row-acts"><Button kind="quiet" label={`Change ${each.name}`} onClick={() => setForm(each)}>Change</Button></span> }] : []),
            ]} />)}
        </Panel>
      </Card>
      {form && databases.data && <PolicyForm policy={form === 'new' ? null : form} all={databases.data} onClose={() => setForm(null)} done={() => { setForm(null); policies.reload(); }} />}
    </>
  );
}

function Counts({ policy }: { policy: Policy }) {
  const { met, missed, unknown } = policy.counts;
  if (met + missed + unknown === 0) return <span class="muted">none</span>;
  const worst = missed > 0 ? GOAL.MISSED : unknown > 0 ? GOAL.UNKNOWN : GOAL.MET;
  return <State look={worst} word={[missed > 0 && `${missed} missed`, unknown > 0 && `${unknown} not measured`, met > 0 && `${met} met`].filter(Boolean).join(', ')} />;
}

function nextOf(policy: Policy): PolicySchedule | undefined {
  return policy.schedules.filter((each) => each.nextFire).sort((one, other) => one.nextFire!.localeCompare(other.nextFire!))[0];
}

function Next({ policy }: { policy: Policy }) {
  const next = nextOf(policy);
  if (policy.schedules.length === 0) return <span class="muted">nothing</span>;
  return next ? <span class="two"><When at={next.nextFire} plain /><small>{WORKS[next.work] ?? next.work}</small></span> : <span class="muted">none ahead</span>;
}

function NextFire({ of }: { of: PolicySchedule }) {
  if (of.paused) return <State look={PAUSED} />;
  return of.nextFire ? <When at={of.nextFire} plain /> : <span class="muted">none ahead</span>;
}

/** local, then a copy in offsite */
function storeWords(stores: string[]): string {
  const [first, ...others] = stores;
  return first === undefined ? 'local alone, as none is named' : others.length === 0 ? first : `${first}, then copied to ${others.join(', ')}`;
}

/** One policy: of each instance what is wanted, and what was measured. */
export function PolicyPage({ name }: { name: string }) {
  const at = project.value!.name;
  const details = useLoad<PolicyDetails>(inProject(at, ['policies', name]), kinds('backup', 'finding', 'schedule', 'run'));
  const databases = useAll<Database>(inProject(at, ['databases']));
  const [changing, change] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const rows = (details.data?.instances ?? []).flatMap((each) => each.goals.map((goal) => ({ instance: each.instance, ...goal })));
  return (
    <>
      <PageHead title={name} sub={details.data?.policy.description}>
        {can('ADMIN') && details.data && <>
          <Button onClick={() => setDeleting(true)}>Delete</Button>
          <Button kind="primary" onClick={() => change(true)}>Change or simulate</Button>
        </>}
      </PageHead>
      <Card flush title="Goals">
        <Panel loaded={details} rows={4}>
          {() => (rows.length === 0
            ? <Empty title="Nothing to hold against">The policy answers for no instance, or has no goal.</Empty>
            : <Table caption="Goals" rows={rows} keyOf={(each) => `${each.instance} ${each.goal}`} columns={[
              { key: 'instance', title: 'Instance', cell: (each) => <b>{each.instance}</b>, sort: (each) => each.instance },
              { key: 'state', title: 'State', phone: 'top', cell: (each) => <State look={GOAL[each.state]} />, sort: (each) => each.state },
              { key: 'goal', title: 'Goal', cell: (each) => GOAL_WORDS[each.goal] ?? each.goal, sort: (each) => each.goal },
              { key: 'wanted', title: 'Wanted', numeric: true, cell: (each) => wantedWords(each.wanted, each.unit) },
              { key: 'measured', title: 'Measured', numeric: true, cell: (each) => measureWords(each.measured, each.unit) },
              { key: 'at', title: 'When', cell: (each) => <When at={each.measuredAt} none="" plain /> },
              { key: 'why', title: 'Why', phone: 'wide', cell: (each) => <span class="break">{each.reason}</span> },
            ]} />)}
        </Panel>
      </Card>
      {details.data && <Card flush title="What is done, and when">
        {details.data.policy.schedules.length === 0 ? <Empty title="Nothing by this policy">It only watches. Change it to have backups, drills and expiry done.</Empty>
          : <Table caption="Schedules of the policy" rows={details.data.policy.schedules} keyOf={(each) => each.name} columns={[
            { key: 'work', title: 'Does', cell: (each) => <span class="two"><b>{WORKS[each.work] ?? each.work}</b>{readsWords(each) && <small>{readsWords(each)}</small>}<small><a href={address(at, 'schedules')}>{each.schedule}</a></small></span> },
            { key: 'when', title: 'When', phone: 'wide', cell: (each) => <span class="two">{describeCron(each.cron)}<small class="mono">{each.cron} · {each.zone}</small></span> },
            { key: 'next', title: 'Next', phone: 'top', cell: (each) => <NextFire of={each} /> },
            { key: 'last', title: 'Last run', cell: (each) => (each.lastRun ? <a href={address(at, 'runs', each.lastRun.id)}><RunState status={each.lastRun.status} /></a> : <span class="muted">never</span>) },
          ]} />}
      </Card>}
      {details.data && <Card title="The policy">
        <Facts items={[
          ['For', aimWords(details.data.policy.databases)],
          ['Keeps', keepWords(details.data.policy.keep)],
          ['Stores', storeWords(details.data.policy.stores)],
          ...(details.data.policy.schedules.some((each) => each.work === 'EXPIRE') ? [] : [['Deletes', <a href={address(at, 'schedules')}>the job expire, where it is scheduled by policy</a>] as [string, ComponentChildren]]),
        ]} />
        <ElsewhereWords of={details.data.answeredElsewhere} />
      </Card>}
      {changing && details.data && databases.data && <PolicyForm policy={details.data.policy} all={databases.data} onClose={() => change(false)} done={() => { change(false); details.reload(); }} />}
      {deleting && (
        <Confirm title={`Delete policy ${name}`} verb="Delete the policy" busyWord="Deleting…" name={name} onClose={() => setDeleting(false)}
          act={async () => { await remove(inProject(at, ['policies', name]), name); notify(`${name} is deleted.`); go(address(at, 'policies')); }}>
          <p>Nobody watches over its goals any more{(details.data?.policy.schedules.length ?? 0) > 0 && `, and its ${plural(details.data!.policy.schedules.length, 'schedule')} start nothing more: no backup is taken by it`}. Expiry by policy then goes by the policy that answers next, or skips the instance{(details.data?.instances.length ?? 0) > 0 && <>: {nextWords(details.data!.instances)}</>}.</p>
        </Confirm>
      )}
    </>
  );
}

/** At most one policy answers for an instance. */
function ElsewhereWords({ of }: { of: Elsewhere[] }) {
  return of.length === 0 ? null
    : <p class="muted small">It means {of.map((each) => `${each.instance} (${each.policy} answers)`).join(', ')} too. A name goes before a tag, a tag before all, then the first by name.</p>;
}
