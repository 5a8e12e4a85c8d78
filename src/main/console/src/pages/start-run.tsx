import { useEffect, useRef, useState } from 'preact/hooks';
import { api, inProject, post } from '../api/client';
import { useAll, useList } from '../api/load';
import type { LastRun } from '../api/runs';
import type { Database, Job, Run, Values } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { Button, When } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Select } from '../ui/field';
import { Panel, Trouble } from '../ui/panel';
import { ALL, DatabasePicker } from './database-picker';
import { ParameterFields, parameterProblem, textsOf, valuesOf } from './parameters';
import type { Texts } from './parameters';

export function useStart(): { shown: boolean; open: () => void; close: () => void } {
  const [shown, show] = useState(false);
  return { shown, open: () => show(true), close: () => show(false) };
}

export function requestRun(name: string, job: string, databases: string[], parameters: Values): Promise<Run> {
  return post<Run>(inProject(name, ['runs']), { job, databases, parameters });
}

interface StartProps {
  onClose: () => void;
  job?: string;
  databases?: string[];
  /** Given by where the dialog was opened; not asked for again. */
  fixed?: Values;
  /** Parameters that say nothing where the dialog was opened. */
  hidden?: string[];
  /** Parameters that are needed there although the job does not always ask for them. */
  needed?: string[];
  title?: string;
  intro?: preact.ComponentChildren;
}

/** The form for a run, built from what the job says of itself. */
export function StartRun(props: StartProps) {
  const name = project.value!.name;
  const jobs = useList<Job>('/jobs');
  const databases = useAll<Database>(inProject(name, ['databases']));
  return (
    <Dialog title={props.title ?? 'Start a run'} onClose={props.onClose}>
      <Panel loaded={jobs} rows={5}>{(allJobs) => <Panel loaded={databases} rows={5}>{(all) => <StartForm {...props} jobs={allJobs} all={all} />}</Panel>}</Panel>
    </Dialog>
  );
}

function StartForm({ onClose, job: wanted, databases, fixed = {}, hidden = [], needed = [], intro, jobs, all }: StartProps & { jobs: Job[]; all: Database[] }) {
  const name = project.value!.name;
  const [jobName, setJobName] = useState(wanted ?? jobs[0]?.name ?? '');
  const offered = jobs.find((each) => each.name === jobName);
  const job = offered && { ...offered, parameters: offered.parameters.map((each) => (needed.includes(each.name) ? { ...each, required: true } : each)) };
  const [chosen, setChosen] = useState<string[]>(databases ?? [ALL]);
  const [texts, setTexts] = useState<Texts>(textsOf(job, fixed));
  const closed = Object.keys(fixed).length > 0;
  const [last, setLast] = useState<LastRun | null>(null);
  const touched = useRef(false);
  const { busy, problem, run } = useAction(() => requestRun(name, jobName, job!.unit === 'PROJECT' ? [] : chosen, { ...valuesOf(job!, texts), ...fixed }), (started) => {
    onClose();
    go(address(name, 'runs', started.id));
    notify(`${job!.title} was started.`);
  });
  const defaults = () => {
    setLast(null);
    setTexts(textsOf(job, fixed));
    setChosen(databases ?? [ALL]);
  };
  // As it was asked last by hand; nobody's typing is overwritten, and what the dialog was opened for stays.
  useEffect(() => {
    if (!job || closed) return;
    const stop = new AbortController();
    touched.current = false;
    void api<LastRun>(inProject(name, ['runs', 'last'], { job: jobName }), { signal: stop.signal }).then((found) => {
      if (stop.signal.aborted || touched.current) return;
      setLast(found);
      setTexts(textsOf(job, found.parameters));
      if (!databases && job.unit !== 'PROJECT' && found.databases.length > 0) setChosen(found.databases);
    }, () => undefined);
    return () => stop.abort();
  }, [jobName]);
  if (!job) return <Trouble problem={{ title: 'No job', status: 0, detail: wanted ? `There is no job called ${wanted} on this server.` : 'This server offers no job.' }} />;
  const ready = chosen.length > 0 && job.parameters.every((each) => each.name in fixed || !parameterProblem(each, texts[each.name] ?? ''));
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }} onInput={() => { touched.current = true; }}>
      {intro && <div class="prose">{intro}</div>}
      {!closed && <Select label="Job" value={jobName} help={job.description} options={jobs.map((each) => ({ value: each.name, label: each.title }))}
        onChange={(value) => { setJobName(value); setLast(null); setTexts(textsOf(jobs.find((each) => each.name === value), fixed)); }} />}
      {last && <p class="prefilled muted"><span>As in the <a href={address(name, 'runs', last.id)}>last run</a> that {last.triggeredBy} started <When at={last.createdAt} />.</span> <Button kind="quiet" onClick={defaults}>Use the defaults</Button></p>}
      {!closed && job.unit !== 'PROJECT' && <DatabasePicker all={all} chosen={chosen} onChange={(names) => { touched.current = true; setChosen(names); }} note={job.unit === 'INSTANCE' ? 'It runs once for each instance of them.' : undefined} />}
      <ParameterFields job={job} texts={texts} onChange={(changed) => { touched.current = true; setTexts(changed); }} refused={problem} locked={[...Object.keys(fixed), ...hidden]} />
      {problem && <Trouble problem={problem} />}
      <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Starting…' : false}>Start {job.title.toLowerCase()}</Button></div>
    </form>
  );
}
