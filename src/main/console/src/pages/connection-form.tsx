import { useState } from 'preact/hooks';
import { inProject, post, put } from '../api/client';
import type { Instance } from '../api/types';
import { project } from '../frame/session';
import { NEW_CONNECTION, connectionBody, connectionOf, connectionReady } from '../text/connection';
import { nameProblem } from '../text/names';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';
import { ConnectionFields } from './connection-fields';

/** Where nobody has said otherwise, as on the server. */
const USUAL_PROOF_DAYS = 7;

/** Adds an instance, or changes how one is reached and how old its proof may be; its name never changes. */
export function ConnectionForm({ instance, onClose, done }: { instance?: Instance; onClose: () => void; done: () => void }) {
  const at = project.value!.name;
  const [name, setName] = useState(instance?.name ?? '');
  const [value, setValue] = useState(instance ? connectionOf(instance) : NEW_CONNECTION);
  const [days, setDays] = useState(String(instance?.proofDays ?? USUAL_PROOF_DAYS));
  const daysProblem = /^\d{1,3}$/.test(days) && Number(days) <= 366 ? null : 'A whole number of days from 0 to 366.';
  const ready = !nameProblem(name) && connectionReady(value) && !daysProblem;
  const { busy, problem, run } = useAction(() => {
    const body = { name, proofDays: Number(days), ...connectionBody(value) };
    return instance ? put(inProject(at, ['instances', name]), body) : post(inProject(at, ['instances']), body);
  }, () => { notify(instance ? `${name} is saved. Test the connection to see whether it works.` : `${name} is added. Add its databases next.`); done(); });
  return (
    <Dialog title={instance ? `Instance ${name}` : 'Add an instance'} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        {!instance && <Field label="Name in Nightshift" value={name} onInput={setName} mono autoFocus placeholder="db-1" help="Lower-case letters, digits and hyphens. It never changes." error={nameProblem(name)} refused={problem?.field === 'name' ? problem.detail : null} />}
        <ConnectionFields value={value} onChange={setValue} problem={problem} />
        <Field label="Proof at least every, days" value={days} onInput={setDays} numeric help="An older proof is a finding; 0 where none is expected." error={daysProblem} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>{instance ? 'Save' : 'Add the instance'}</Button></div>
      </form>
    </Dialog>
  );
}
