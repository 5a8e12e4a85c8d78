import { useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Run } from '../api/types';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';

const LONGEST = 500;

/** For a run that its node neither works on nor ends: says what that means, and asks why. */
export function DeclareDead({ run, title, path, changed, onClose }: { run: Run; title: string; path: string; changed: (answer: Run) => void; onClose: () => void }) {
  const [why, setWhy] = useState('');
  const { busy, problem, run: act } = useAction(() => post<Run>(path, { why: why.trim() }), (answer) => {
    notify('Declared dead: the run is lost. Restart it once nothing of it works any more.');
    changed(answer);
    onClose();
  });
  const words = why.trim();
  const wrong = words.length === 0 ? 'Say why: it is kept with the run and in the audit log.' : words.length > LONGEST ? `At most ${LONGEST} characters.` : null;
  return (
    <Dialog title={`Declare this ${title.toLowerCase()} dead`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (!wrong && !busy) void act(); }}>
        <div class="prose">
          <p>For a run that {run.node ? `node ${run.node}` : 'its node'} neither works on nor ends. Stopping is gentler: try that first.</p>
          <p>The run is lost at once. What is done stays; what is under way counts as not done, and whatever still works on it is refused when it writes. It does not start again by itself: restart it here.</p>
        </div>
        <Field label="Why" value={why} onInput={setWhy} error={wrong} refused={problem?.field === 'why' ? problem.detail : null} placeholder="The machine was taken away" autoFocus />
        {problem && problem.field !== 'why' && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button kind="danger" submit disabled={Boolean(wrong)} busy={busy ? 'Declaring…' : false}>Declare dead</Button></div>
      </form>
    </Dialog>
  );
}
