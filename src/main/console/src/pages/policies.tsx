import { useState } from 'preact/hooks';
import { inProject, remove } from '../api/client';
import { kinds, useAll, useList, useLoad } from '../api/load';
import type { Elsewhere, JudgedGoal, Policy, PolicyDetails } from '../api/policies';
import type { Database } from '../api/types';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { plural } from '../text/format';
import { GOAL_WORDS, keepWords, measureWords, nextWords } from '../text/policies';
import { Button, Card, Facts, PageHead, When } from '../ui/bits';
import { Confirm, notify } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { State } from '../ui/state';
import type { Look } from '../ui/state';
import { Table } from '../ui/table';
import { aimWords } from './database-picker';
import { PolicyForm } from './policy-form';

const GOAL: Record<JudgedGoal['state'], Look> = {
  MET: { word: 'met', shape: 'dot', tone: 'good' },
  MISSED: { word: 'missed', shape: 'square', tone: 'bad' },
  UNKNOWN: { word: 'not measured', shape: 'dash', tone: 'idle' },
};

/** What is wanted of the backups of this project, and how it stands. */
export function PoliciesPage() {
  const at = project.value!.name;
  const policies = useList<Policy>(inProject(at, ['policies']), kinds('backup', 'finding'));
  const databases = useAll<Database>(inProject(at, ['databases']));
  const [form, setForm] = useState<Policy | 'new' | null>(null);
  const add = can('ADMIN') && <Button kind="primary" icon="plus" onClick={() => setForm('new')}>Add a policy</Button>;
  return (
    <>
      <PageHead title="Policies" sub="What is wanted of backups, held against what was measured">{add}</PageHead>
      <Card flush>
        <Panel loaded={policies} rows={3}>
          {(items) => (items.length === 0
            ? <Empty title="No policy yet">A policy says how much may be lost, how soon a server is back, how old proof and backup may be, and which backups to keep.</Empty>
            : <Table caption="Policies" rows={items} keyOf={(each) => each.name} href={(each) => address(at, 'policies', each.name)} columns={[
              { key: 'name', title: 'Policy', cell: (each) => <span class="two"><b>{each.name}</b>{each.description && <small class="break">{each.description}</small>}</span>, sort: (each) => each.name },
              { key: 'state', title: 'Goals', phone: 'top', cell: (each) => <Counts policy={each} />, sort: (each) => -each.counts.missed },
              { key: 'for', title: 'For', phone: 'wide', cell: (each) => <span class="two"><span class="break">{aimWords(each.databases)}</span><small>{plural(each.counts.instances, 'instance')}</small></span> },
              { key: 'keep', title: 'Keeps', phone: 'wide', cell: (each) => keepWords(each.keep) },
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

/** One policy: of each instance what is wanted, and what was measured. */
export function PolicyPage({ name }: { name: string }) {
  const at = project.value!.name;
  const details = useLoad<PolicyDetails>(inProject(at, ['policies', name]), kinds('backup', 'finding'));
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
              { key: 'wanted', title: 'Wanted', numeric: true, cell: (each) => measureWords(each.wanted, each.unit) },
              { key: 'measured', title: 'Measured', numeric: true, cell: (each) => measureWords(each.measured, each.unit) },
              { key: 'at', title: 'When', cell: (each) => <When at={each.measuredAt} none="" plain /> },
              { key: 'why', title: 'Why', phone: 'wide', cell: (each) => <span class="break">{each.reason}</span> },
            ]} />)}
        </Panel>
      </Card>
      {details.data && <Card title="The policy">
        <Facts items={[
          ['For', aimWords(details.data.policy.databases)],
          ['Keeps', keepWords(details.data.policy.keep)],
          ['Deletes', <a href={address(at, 'schedules')}>the job expire, where it is scheduled by policy</a>],
        ]} />
        <ElsewhereWords of={details.data.answeredElsewhere} />
      </Card>}
      {changing && details.data && databases.data && <PolicyForm policy={details.data.policy} all={databases.data} onClose={() => change(false)} done={() => { change(false); details.reload(); }} />}
      {deleting && (
        <Confirm title={`Delete policy ${name}`} verb="Delete the policy" busyWord="Deleting…" name={name} onClose={() => setDeleting(false)}
          act={async () => { await remove(inProject(at, ['policies', name]), name); notify(`${name} is deleted.`); go(address(at, 'policies')); }}>
          <p>Nobody watches over its goals any more. Expiry by policy then goes by the policy that answers next, or skips the instance{(details.data?.instances.length ?? 0) > 0 && <>: {nextWords(details.data!.instances)}</>}.</p>
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
