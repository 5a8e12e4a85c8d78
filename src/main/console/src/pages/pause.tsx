import { useState } from 'preact/hooks';
import { useLoad, kinds } from '../api/load';
import { inProject, me, post, put, remove } from '../api/client';
import type { Pause } from '../api/types';
import { now } from '../clock';
import { can, project } from '../frame/session';
import { zone } from '../prefs';
import { dayAndTime, zoneName } from '../text/format';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { Trouble } from '../ui/panel';
import { Mark } from '../ui/state';

const HOUR = 3_600_000;
const LENGTHS = [
  { value: '', label: 'Until somebody resumes' },
  { value: String(HOUR), label: 'For one hour' }, { value: String(8 * HOUR), label: 'For 8 hours' },
  { value: String(24 * HOUR), label: 'For a day' }, { value: String(7 * 24 * HOUR), label: 'For a week' },
];

/** What is paused: one schedule, the project, or the fleet. */
export type Paused = { schedule: string } | 'project' | 'fleet';

function act(of: Paused, body: unknown): Promise<unknown> {
  const name = project.value!.name;
  if (typeof of === 'object') return post(inProject(name, ['schedules', of.schedule, 'pause']), body);
  return put(of === 'project' ? inProject(name, ['pause']) : '/pause', body);
}

function resume(of: Paused): Promise<unknown> {
  const name = project.value!.name;
  if (typeof of === 'object') return post(inProject(name, ['schedules', of.schedule, 'resume']));
  return remove(of === 'project' ? inProject(name, ['pause']) : '/pause');
}

/** One whose end has come is over, whether or not the server was asked since. */
export function lasts(pause: Pause | null | undefined): pause is Pause {
  return pause != null && (pause.until === null || Date.parse(pause.until) > now.value);
}

/** Until when it lasts, in words. */
export function untilWords(pause: Pause): string {
  return pause.until ? `until ${dayAndTime(pause.until, zone())} ${zoneName(pause.until, zone())}` : 'until somebody resumes';
}

export function PauseDialog({ of, onClose }: { of: Paused; onClose: () => void }) {
  const [why, setWhy] = useState('');
  const [length, setLength] = useState('');
  const what = typeof of === 'object' ? of.schedule : of === 'project' ? project.value!.displayName : 'the fleet';
  const { busy, problem, run } = useAction(() => act(of, { why, until: length === '' ? null : new Date(Date.now() + Number(length)).toISOString() }), () => { notify(`${what} is paused.`); onClose(); });
  const ready = why.trim() !== '';
  return (
    <Dialog title={`Pause ${what}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <p class="prose">{typeof of === 'object' ? 'It starts nothing meanwhile.' : of === 'project' ? 'No schedule of the project starts anything meanwhile; people still can.' : 'No schedule of any project starts anything meanwhile; people still can.'} What falls into the pause is left out and not made up for. Runs that are under way or queued go on.</p>
        <Field label="Why" value={why} onInput={setWhy} autoFocus help="Whoever wonders at night reads it." refused={problem?.field === 'why' ? problem.detail : null} />
        <Select label="How long" value={length} onChange={setLength} options={LENGTHS} />
        {problem && problem.field !== 'why' && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Pausing…' : false}>Pause</Button></div>
      </form>
    </Dialog>
  );
}

export function Resume({ of, done }: { of: Paused; done: () => void }) {
  const { busy, problem, run } = useAction(() => resume(of), () => { notify('It goes on with its next time.'); done(); });
  const what = typeof of === 'object' ? of.schedule : `the ${of}`;
  return <>{problem && <Trouble problem={problem} />}<Button kind="quiet" busy={busy ? 'Resuming…' : false} label={`Resume ${what}`} onClick={() => void run()}>Resume</Button></>;
}

/** Says that the project or the fleet is paused, by whom and why, and resumes it. */
export function PauseBanners() {
  const ofProject = useLoad<{ paused: Pause | null }>(inProject(project.value!.name, ['pause']), kinds('schedule'));
  const ofFleet = useLoad<{ paused: Pause | null }>('/pause', kinds('schedule'));
  const banner = (of: 'project' | 'fleet', pause: Pause | null | undefined, may: boolean, reload: () => void) => lasts(pause) && (
    <div class="trouble calm" role="status">
      <Mark shape="dash" tone="warn" />
      <div><strong>{of === 'project' ? 'This project is paused' : 'All projects are paused'} {untilWords(pause)}.</strong><p>{pause.by}: {pause.why}</p></div>
      {may && <Resume of={of} done={reload} />}
    </div>
  );
  return <>{banner('fleet', ofFleet.data?.paused, me.value?.installationAdmin ?? false, ofFleet.reload)}{banner('project', ofProject.data?.paused, can('OPERATOR'), ofProject.reload)}</>;
}
