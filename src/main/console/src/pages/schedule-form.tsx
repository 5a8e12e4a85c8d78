import { useEffect, useState } from 'preact/hooks';
import { asProblem, inProject, post, put } from '../api/client';
import { useAll, useList, useLoad } from '../api/load';
import type { Database, Job, Problem, Schedule } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { cronProblem, describeCron } from '../text/cron';
import { dayAndTime } from '../text/format';
import { nameProblem } from '../text/names';
import { zoneProblem, zones } from '../text/zone';
import { Button, ButtonLink, Card, PageHead } from '../ui/bits';
import { notify, useAction } from '../ui/dialog';
import { Checkbox, Choice, Field, Select } from '../ui/field';
import { Missing, Panel, Trouble } from '../ui/panel';
import { DatabasePicker } from './database-picker';
import { ParameterFields, parameterProblem, textsOf, valuesOf } from './parameters';

const PREVIEW_DELAY_MILLIS = 350;

export function ScheduleForm({ name }: { name: string | undefined }) {
  const at = project.value!.name;
  const jobs = useList<Job>('/jobs');
  const databases = useAll<Database>(inProject(at, ['databases']));
  const existing = useLoad<Schedule>(name === undefined ? null : inProject(at, ['schedules', name]));
  if (existing.problem?.status === 404) return <Missing what="This schedule" back={address(at, 'schedules')} backWord="All schedules" />;
  const form = (before?: Schedule) => (
    <Panel loaded={jobs} rows={5}>{(allJobs) => <Panel loaded={databases} rows={5}>{(all) => <Form jobs={allJobs} all={all} before={before} />}</Panel>}</Panel>
  );
  return (
    <>
      <PageHead title={name === undefined ? 'Add a schedule' : `Schedule ${name}`} sub="Starts a job by itself" />
      {name === undefined ? form() : <Panel loaded={existing} rows={6}>{(before) => (before.policy ? <Card><p>It belongs to the policy <a href={address(at, 'policies', before.policy)}>{before.policy}</a>: change that.</p></Card> : form(before))}</Panel>}
    </>
  );
}

function Form({ jobs, all, before }: { jobs: Job[]; all: Database[]; before?: Schedule }) {
  const at = project.value!;
  const [name, setName] = useState(before?.name ?? '');
  const [jobName, setJobName] = useState(before?.job ?? jobs[0]?.name ?? '');
  const job = jobs.find((each) => each.name === jobName);
  const [follows, setFollows] = useState(before?.after != null);
  const [after, setAfter] = useState(before?.after ?? jobs.find((each) => each.name !== jobName)?.name ?? '');
  const [cron, setCron] = useState(before?.cron ?? '0 2 * * *');
  const [misfire, setMisfire] = useState<string>(before?.misfire ?? 'ONCE');
  const [overlap, setOverlap] = useState<string>(before?.overlap ?? 'SKIP');
  const [except, setExcept] = useState(before?.except.join(', ') ?? '');
  const days = except.split(',').map((each) => each.trim()).filter(Boolean);
  const exceptProblem = days.every((each) => /^(\d{4}-)?\d\d-\d\d$/.test(each)) ? null : 'Days as 2026-12-24, or 12-24 for every year, with commas between.';
  const [zone, setZone] = useState(before?.zone ?? at.timeZone);
  const [chosen, setChosen] = useState(before?.databases ?? ['*']);
  const [texts, setTexts] = useState(textsOf(job, before?.parameters));
  const [enabled, setEnabled] = useState(before?.enabled ?? true);
  const back = address(at.name, 'schedules');
  const { busy, problem, run } = useAction(() => {
    const body = { name, job: jobName, cron: follows ? null : cron.trim(), after: follows ? after : null, zone, databases: job?.unit === 'PROJECT' ? [] : chosen, parameters: valuesOf(job!, texts), misfire, overlap, except: days, enabled };
    return before ? put(inProject(at.name, ['schedules', before.name]), body) : post(inProject(at.name, ['schedules']), body);
  }, () => { go(back); notify(`${name} is saved.`); });
  const ready = job && !nameProblem(name) && (follows ? after !== jobName && after !== '' : !cronProblem(cron)) && !zoneProblem(zone) && !exceptProblem && (job.unit === 'PROJECT' || chosen.length > 0) && job.parameters.every((each) => !parameterProblem(each, texts[each.name] ?? ''));
  return (
    <div class="grid">
      <Card span={8}>
        <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
          {!before && <Field label="Name" value={name} onInput={setName} mono autoFocus help="Lower-case letters, digits and hyphens." error={nameProblem(name)} refused={problem?.field === 'name' ? problem.detail : null} />}
          <Select label="Job" value={jobName} onChange={(value) => { setJobName(value); setTexts(textsOf(jobs.find((each) => each.name === value))); }} help={job?.description} options={jobs.map((each) => ({ value: each.name, label: each.title }))} />
          <Choice label="Starts" value={follows ? 'after' : 'times'} onChange={(value) => setFollows(value === 'after')} options={[{ value: 'times', label: 'At times' }, { value: 'after', label: 'After another job' }]} />
          {follows && <Select label="After" value={after} onChange={setAfter} help={after === jobName ? 'A job cannot follow itself.' : 'It starts when a run of that job has ended, for the databases that are done: by schedule or by hand.'} options={jobs.map((each) => ({ value: each.name, label: each.title }))} />}
          {problem?.field === 'after' && <Trouble problem={problem} />}
          <div class="form-grid">
            {!follows && <Field label="When" value={cron} onInput={setCron} mono help={`${describeCron(cron)}. Minute, hour, day, month, weekday; also L, 5#2, 5L, @daily.`} error={cronProblem(cron)} refused={problem?.field === 'cron' ? problem.detail : null} />}
            <Field label="Time zone" value={zone} onInput={setZone} list={zones()} help="Summer time included." error={zoneProblem(zone)} refused={problem?.field === 'zone' ? problem.detail : null} />
          </div>
          {job?.unit !== 'PROJECT' && <DatabasePicker all={all} chosen={chosen} onChange={setChosen} note={job?.unit === 'INSTANCE' ? 'It runs once for each instance of them.' : undefined} />}
          {job && <ParameterFields job={job} texts={texts} onChange={setTexts} refused={problem} />}
          <div class="form-grid">
            {!follows && <Select label="Missed while Nightshift was down" value={misfire} onChange={setMisfire} options={[{ value: 'ONCE', label: 'Start once, for all that were missed' }, { value: 'SKIP', label: 'Leave it out' }, { value: 'ALL', label: 'Start every one that was missed' }]} />}
            <Select label="While its last run is under way" value={overlap} onChange={setOverlap} options={[{ value: 'SKIP', label: follows ? 'Wait, and start once for all that ended' : 'Leave it out' }, { value: 'QUEUE', label: follows ? 'Wait, and start for each' : 'Wait for it' }, { value: 'ALLOW', label: 'Start beside it' }]} />
          </div>
          <Field label="Days left out" value={except} onInput={setExcept} required={false} mono placeholder="12-24, 2027-04-05" help="With commas between. For whole projects there are blackouts." error={exceptProblem} refused={problem?.field?.startsWith('except') ? problem.detail : null} />
          <Checkbox label="On" help="Off keeps it without starting anything." checked={enabled} onChange={setEnabled} />
          {problem && <Trouble problem={problem} />}
          <div class="actions end"><ButtonLink href={back}>Cancel</ButtonLink><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save the schedule</Button></div>
        </form>
      </Card>
      {!follows && <Card title="Next five times" span={4}><Preview cron={cron.trim()} zone={zone} valid={!cronProblem(cron) && !zoneProblem(zone)} /></Card>}
    </div>
  );
}

/** The server's own answer, in the schedule's zone and the reader's. */
function Preview({ cron, zone, valid }: { cron: string; zone: string; valid: boolean }) {
  const [answer, setAnswer] = useState<{ fires?: string[]; problem?: Problem }>({});
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  useEffect(() => {
    if (!valid) return;
    let gone = false;
    const timer = window.setTimeout(() => {
      post<{ fires: string[] }>('/schedules/preview', { cron, zone })
        .then((told) => { if (!gone) setAnswer({ fires: told.fires }); })
        .catch((failure: unknown) => { if (!gone) setAnswer({ problem: asProblem(failure) }); });
    }, PREVIEW_DELAY_MILLIS);
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [cron, zone, valid]);
  if (!valid) return <p class="muted">They stand here once the time and the zone are complete.</p>;
  if (answer.problem) return <Trouble problem={answer.problem} calm />;
  return (
    <ol class="fires" aria-live="polite">
      {(answer.fires ?? Array.from({ length: 5 }, () => '')).slice(0, 5).map((fire, index) => (
        <li key={index}>{fire ? <><b class="tabular">{dayAndTime(fire, zone)}</b>{mine !== zone && <small class="tabular">{dayAndTime(fire, mine)} here</small>}</> : <span class="skeleton"><i /></span>}</li>
      ))}
      <li class="zone-note">{zone}{mine !== zone && `, and ${mine} here`}</li>
    </ol>
  );
}
