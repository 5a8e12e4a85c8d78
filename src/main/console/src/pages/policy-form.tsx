import { useState } from 'preact/hooks';
import type { StoreInfo } from '../api/backups';
import { inProject, post, put } from '../api/client';
import { useList } from '../api/load';
import type { Policy, PolicyGoals, PolicyKeep, Simulated, Simulation } from '../api/policies';
import type { Database } from '../api/types';
import { project } from '../frame/session';
import { zone } from '../prefs';
import { bytes, exact, plural } from '../text/format';
import { nameProblem } from '../text/names';
import { MOST, MOST_KEPT, numberProblem, numbers, stillOf, texts, typedOf, typedProblem, workOf } from '../text/policies';
import type { Answered, Typed } from '../text/policies';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';
import { DatabasePicker } from './database-picker';
import { ScheduleRows, StoreOrder } from './policy-schedules';

const GOALS: [keyof PolicyGoals, string, string][] = [
  ['rpoSeconds', 'Data loss, seconds', 'Of what was done last, if the server were lost.'],
  ['rtoSeconds', 'Time to restore, seconds', 'As the newest drill measured it.'],
  ['proofDays', 'Age of the proof, days', 'Stands in for the instance’s own.'],
  ['backupHours', 'Age of the backup, hours', 'Of the newest good one.'],
  ['stores', 'Stores that hold it, at least', 'The newest good backup, with all that it needs.'],
  ['keyDays', 'Age of the key, days', 'Of the oldest that the newest good backup needs.'],
  ['kitHours', 'Time without a kit, hours', 'Of the project’s newest key.'],
];
const KEEP: [keyof PolicyKeep, string][] = [
  ['days', 'All of so many days'], ['count', 'The newest so many'], ['daily', 'One a day for'], ['weekly', 'One a week for'], ['monthly', 'One a month for'], ['yearly', 'One a year for'],
];

/** A policy to be made or changed; what its keep rule would do is seen before it is saved. */
export function PolicyForm({ policy, all, onClose, done }: { policy: Policy | null; all: Database[]; onClose: () => void; done: () => void }) {
  const at = project.value!.name;
  const [name, setName] = useState(policy?.name ?? '');
  const [description, setDescription] = useState(policy?.description ?? '');
  const [databases, setDatabases] = useState(policy?.databases ?? ['*']);
  const [goals, setGoals] = useState(texts(GOALS.map(([key]) => key), policy?.goals));
  const [keep, setKeep] = useState(texts(KEEP.map(([key]) => key), policy?.keep));
  const [work, setWork] = useState<Typed[]>((policy?.schedules ?? []).map(typedOf));
  const [stores, setStores] = useState(policy?.stores ?? []);
  const known = useList<StoreInfo>('/stores');
  const [answered, setAnswered] = useState<Answered<Simulation> | null>(null);
  const keeps = Object.values(keep).some((text) => text.trim() !== '');
  const right = databases.length > 0 && (policy != null || !nameProblem(name))
    && GOALS.every(([key]) => !numberProblem(goals[key], MOST[key])) && KEEP.every(([key]) => !numberProblem(keep[key], MOST_KEPT)) && work.every((each) => !typedProblem(each, work));
  const ready = right && (keeps || work.length > 0 || Object.values(goals).some((text) => text.trim() !== ''));
  const body = { name, description: description.trim(), databases, goals: numbers(goals), keep: numbers(keep), schedules: work.map(workOf), stores };
  const save = useAction(() => (policy ? put(inProject(at, ['policies', policy.name]), body) : post(inProject(at, ['policies']), body)), () => { notify('Saved.'); done(); });
  const found = stillOf(answered, body);
  const simulate = useAction(async () => {
    setAnswered(null);
    return { found: await post<Simulation>(inProject(at, ['policies', 'simulate']), body), of: JSON.stringify(body) };
  }, setAnswered);
  const problem = save.problem ?? simulate.problem;
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <Dialog title={policy ? `Change policy ${policy.name}` : 'Add a policy'} onClose={onClose} wide>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !save.busy) void save.run(); }}>
        {!policy && <Field label="Name" value={name} onInput={setName} autoFocus error={nameProblem(name)} refused={refused('name')} />}
        <Field label="What it is for" value={description} onInput={setDescription} required={false} refused={refused('description')} />
        <DatabasePicker all={all} chosen={databases} onChange={setDatabases} note="It answers for their whole servers." />
        <fieldset class="form"><legend>Goals</legend><div class="form-grid">
          {GOALS.map(([key, label, help]) => <Field key={key} label={label} value={goals[key]} onInput={(text) => setGoals({ ...goals, [key]: text })} numeric required={false} help={help} error={numberProblem(goals[key], MOST[key])} refused={refused(`goals.${key}`)} />)}
        </div></fieldset>
        <fieldset class="form"><legend>Backups to keep</legend><div class="form-grid">
          {KEEP.map(([key, label]) => <Field key={key} label={label} value={keep[key]} onInput={(text) => setKeep({ ...keep, [key]: text })} numeric required={false} error={numberProblem(keep[key], MOST_KEPT)} refused={refused(`keep.${key}`)} />)}
        </div></fieldset>
        <ScheduleRows typed={work} all={known.data ?? null} onChange={setWork} refused={problem ?? null} />
        <StoreOrder chosen={stores} all={known.data ?? null} onChange={setStores} refused={problem ?? null} />
        {known.problem && <Trouble problem={known.problem} retry={known.reload} />}
        {problem && <Trouble problem={problem} />}
        {found && <div role="status"><Outcome found={found} /></div>}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={!right || !keeps} busy={simulate.busy ? 'Simulating…' : false} onClick={() => void simulate.run()}>Simulate</Button>
          <Button submit kind="primary" disabled={!ready} busy={save.busy ? 'Saving…' : false}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Outcome({ found }: { found: Simulation }) {
  if (found.instances.length === 0) return <p class="muted">It would answer for no instance{found.answeredElsewhere.length > 0 ? ': other policies answer for all that it means' : ''}.</p>;
  return <>{found.instances.map((each) => <Instance key={each.instance} of={each} />)}{found.leftOut.length > 0 && <p>Not looked at, as these are too many for one answer: {found.leftOut.join(', ')}.</p>}<p class="muted small">Nothing is deleted by saving: the job expire does that, where it is told to go by the policies.</p></>;
}

function Instance({ of }: { of: Simulated }) {
  const moves = of.policyBefore !== of.policy && of.policy && of.policyBefore ? `, which goes from ${of.policyBefore} to ${of.policy}` : '';
  if (of.reason) return <p><b>{of.instance}</b>{moves}: {of.reason}</p>;
  return (
    <details>
      <summary><b>{of.instance}</b>{moves}: {of.goes.length === 0 ? 'nothing would go' : `${plural(of.goes.length, 'backup')} would go, ${bytes(of.bytesFreed)}`}{of.logBytesFreed > 0 && `, and ${bytes(of.logBytesFreed)} of log`}; {plural(of.stays.length, 'backup')} would stay{of.windowFrom && `, and restore from ${exact(of.windowFrom, zone())} on`}</summary>
      <ul class="plain small">
        {of.goes.map((each) => <li key={each.backup}>Of {exact(each.endedAt, zone())}, {each.kind.toLowerCase()}, {bytes(each.bytes)}: would go.</li>)}
        {of.stays.map((each) => <li key={each.backup}>Of {exact(each.endedAt, zone())}, {each.kind.toLowerCase()}: stays, {each.because.join('; ')}.</li>)}
      </ul>
    </details>
  );
}
