import { useState } from 'preact/hooks';
import { inProject, post } from '../api/client';
import { useList } from '../api/load';
import type { RunsChanged } from '../api/runs';
import type { Problem, RunItem } from '../api/types';
import { project } from '../frame/session';
import { plural, shortId, words } from '../text/format';
import { asked, inWords } from '../text/run-filter';
import type { RunFilter } from '../text/run-filter';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Panel, Trouble } from '../ui/panel';
import { RUN } from '../ui/state';
import { TRIGGERS } from './run-table';

/** As many as one answer of a list holds: beyond it the number is not worth the waiting. */
const COUNTED = 500;
const SHOWN_REFUSALS = 5;

const ACTS = {
  stop: { states: ['QUEUED', 'WAITING', 'STARTED'], title: 'Stop all shown', verb: 'Stop', busy: 'Stopping…', done: 'stopping', kind: 'danger', none: 'None of these runs is under way or waiting.', words: 'The running statements are cancelled. What is done stays; what is under way is thrown away and done again when the run is restarted.' },
  restart: { states: ['FAILED', 'PARTIAL', 'LOST'], title: 'Restart all failed', verb: 'Restart', busy: 'Restarting…', done: 'queued again', kind: 'primary', none: 'None of these runs has failed.', words: 'Each goes on under its own number with its own parameters, and only what was not done is done again.' },
} as const;

/** Does the same to all runs of a filter, on the server, whether or not they are on the page. */
export function ChangeAll({ act, filter, title, onClose }: { act: keyof typeof ACTS; filter: RunFilter; title: (job: string) => string; onClose: () => void }) {
  const how = ACTS[act];
  const name = project.value!.name;
  // Of the states that are shown, those that can be meant.
  const shown = filter.status?.split(',');
  const states = how.states.filter((each) => !shown || shown.includes(each));
  const parameters = { ...asked(filter), status: states.join(',') };
  const runs = useList<RunItem>(states.length > 0 ? inProject(name, ['runs'], { ...parameters, limit: COUNTED }) : null);
  const [refused, setRefused] = useState<RunsChanged['refused']>([]);
  const { busy, problem, run } = useAction(() => changeAll(name, act, parameters), (answer) => {
    notify(`${plural(answer.done, 'run is', 'runs are')} ${how.done}.`);
    if (answer.refused.length === 0) onClose();
    else setRefused(answer.refused);
  });
  const where = inWords({ ...filter, status: undefined }, { job: title, status: (each) => each, trigger: (each) => (TRIGGERS as Record<string, string>)[each] ?? each });
  const words = [states.map((each) => RUN[each].word).join(' or '), ...where].join(', ');
  const none = <Nothing why={how.none} onClose={onClose} />;
  return (
    <Dialog title={how.title} onClose={onClose}>
      {refused.length > 0 ? <Refused refused={refused} onClose={onClose} /> : states.length === 0 ? none : (
        <Panel loaded={runs} rows={3}>
          {(items) => (items.length === 0 ? none : (
            <div class="form">
              <p><strong>{items.length >= COUNTED ? `${COUNTED} runs or more` : plural(items.length, 'run')}</strong> of this project: {words}.</p>
              <p>{how.words}</p>
              {problem && <Trouble problem={problem as Problem} />}
              <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button kind={how.kind} busy={busy ? how.busy : false} onClick={() => void run()}>{items.length >= COUNTED ? `${how.verb} them all` : `${how.verb} ${plural(items.length, 'run')}`}</Button></div>
            </div>
          ))}
        </Panel>
      )}
    </Dialog>
  );
}

/** The server takes a thousand at once; what is left is asked for again. */
async function changeAll(name: string, act: string, parameters: Record<string, string | null | undefined>): Promise<RunsChanged> {
  const all: RunsChanged = { matched: 0, done: 0, refused: [], more: false, next: null };
  do {
    const answer = await post<RunsChanged>(inProject(name, ['runs', act], { ...parameters, after: all.next }));
    all.matched += answer.matched;
    all.done += answer.done;
    all.refused.push(...answer.refused);
    all.next = answer.next;
  } while (all.next);
  return all;
}

function Nothing({ why, onClose }: { why: string; onClose: () => void }) {
  return <div class="form"><p>{why}</p><div class="actions end"><Button onClick={onClose}>Close</Button></div></div>;
}

function Refused({ refused, onClose }: { refused: RunsChanged['refused']; onClose: () => void }) {
  return (
    <div class="form">
      <p>{words(plural(refused.length, 'run was', 'runs were'))} let be:</p>
      <ul>{refused.slice(0, SHOWN_REFUSALS).map((each) => <li key={each.id}>run {shortId(each.id)}: {each.why}</li>)}</ul>
      {refused.length > SHOWN_REFUSALS && <p class="muted">and {refused.length - SHOWN_REFUSALS} more</p>}
      <div class="actions end"><Button onClick={onClose}>Close</Button></div>
    </div>
  );
}
