import type { Step, Target } from '../api/types';
import { now } from '../clock';
import { amount, clock, duration, words } from '../text/format';
import { overdue, time, usually } from '../text/usual';
import { Bar } from '../ui/bits';
import { Empty } from '../ui/panel';
import { Mark, RUN, RunState, lookOf } from '../ui/state';

export function targetName(target: Target): string {
  return target.database ?? (target.databases.length === 1 ? target.databases[0]! : target.instance ?? 'the project');
}

function took(part: { status: string; startedAt: string | null; durationMillis: number | null }): string | null {
  if (part.status === 'STARTED' && part.startedAt) return clock(now.value - Date.parse(part.startedAt));
  return part.durationMillis == null ? null : duration(part.durationMillis);
}

interface GridProps {
  targets: Target[];
  steps: string[] | undefined;
  selected: Target | undefined;
  step: string | undefined;
  select: (target: Target, step?: string) => void;
}

/** A row per target, a column per step; each cell a state with its figure. */
export function RunGrid({ targets, steps, selected, step, select }: GridProps) {
  if (targets.length === 0) return <Empty title="No target yet">They are listed when the run starts.</Empty>;
  const seen = [...new Set(targets.flatMap((each) => each.steps.map((one) => one.name)))];
  const spread = new Set(targets.flatMap((each) => each.node ?? [])).size > 1;
  const columns = [...(steps ?? []), ...seen.filter((each) => !steps?.includes(each))];
  return (
    <div class="run-grid-frame" tabIndex={0} role="region" aria-label="Targets and steps">
      <table class="run-grid">
        <caption class="sr">Targets and steps</caption>
        <thead><tr><th scope="col">Target</th>{columns.map((each) => <th scope="col" key={each}>{words(each)}</th>)}</tr></thead>
        <tbody>
          {targets.map((target) => (
            <tr key={target.id} class={selected?.id === target.id ? 'chosen' : ''}>
              <th scope="row">
                <button type="button" data-row class="grid-target" aria-pressed={selected?.id === target.id && !step} onClick={() => select(target)}>
                  <b>{targetName(target)}</b>
                  <RunState status={waits(target) ? 'WAITING' : target.status} />
                </button>
                {waits(target) ? <small class="target-time waits">{target.reason}</small> : <TargetTime target={target} />}
                {spread && target.node && <small class="target-time">on {target.node}</small>}
                {target.progress && target.status === 'STARTED' && <TargetProgress target={target} />}
              </th>
              {columns.map((column) => <StepCell key={column} name={column} step={target.steps.find((each) => each.name === column)} over={target.status !== 'WAITING' && target.status !== 'STARTED'} pressed={selected?.id === target.id && step === column} onClick={() => select(target, column)} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is under way or to come has a reason only while it waits: for a lock, or for its window. */
function waits(target: Target): boolean {
  return Boolean(target.reason) && (target.status === 'STARTED' || target.status === 'WAITING');
}

/** How long it took beside what is usual for it; a target that is as usual needs no words. */
function TargetTime({ target }: { target: Target }) {
  const active = target.status === 'STARTED' && target.startedAt !== null;
  const millis = active ? now.value - Date.parse(target.startedAt!) : target.durationMillis;
  if (millis == null) return null;
  const over = overdue(millis, target);
  if (!over && !active) return null;
  return <small class={`tabular target-time ${over ? 'overdue' : ''}`}>{[time(millis, active), usually(millis, target)].filter(Boolean).join(', ')}</small>;
}

function TargetProgress({ target }: { target: Target }) {
  const { done, total, unit, etaMillis, text } = target.progress!;
  return (
    <div class="target-progress">
      <Bar share={total ? Math.min(1, done / total) : null} label={`Progress of ${targetName(target)}`} />
      <small class="tabular">{amount(done, unit)}{total ? ` of ${amount(total, unit)}` : ''}{unit !== 'bytes' && ` ${unit}`}</small>
      <small class="tabular">{etaMillis != null ? `about ${clock(etaMillis)} left` : 'time left not measured'}</small>
      {text && <small class="clip">{text}</small>}
    </div>
  );
}

const NOT_REACHED = { word: 'not reached', shape: 'dash', tone: 'idle' } as const;

function StepCell({ name, step, over, pressed, onClick }: { name: string; step: Step | undefined; over: boolean; pressed: boolean; onClick: () => void }) {
  if (!step) return <td data-label={words(name)}><span class="cell none">–</span></td>;
  // What waits in a target that has ended waits for nothing.
  const look = over && step.status === 'WAITING' ? NOT_REACHED : lookOf(RUN, step.status);
  return (
    <td data-label={words(name)}>
      <button type="button" class={`cell ${look.tone}`} aria-pressed={pressed} onClick={onClick} title={step.reason ?? undefined}>
        <span class={`state ${look.tone}`}><Mark shape={look.shape} tone={look.tone} />{look.word}</span>
        <small class="tabular">{took(step) ?? ' '}</small>
        <small class="tabular figure-text">{step.figure ?? ' '}</small>
      </button>
    </td>
  );
}
