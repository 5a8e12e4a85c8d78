import { useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import type { Instance } from '../api/types';
import { project } from '../frame/session';
import { connectionBody, connectionOf, connectionReady } from '../text/connection';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Trouble } from '../ui/panel';
import { ConnectionFields } from './connection-fields';

/** Changes how an instance is reached; its name never changes. */
export function ConnectionForm({ instance, onClose, done }: { instance: Instance; onClose: () => void; done: () => void }) {
  const [value, setValue] = useState(connectionOf(instance));
  const ready = connectionReady(value);
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['instances', instance.name]), connectionBody(value)),
    () => { notify(`${instance.name} is saved. Test the connection to see whether it works.`); done(); });
  return (
    <Dialog title={`Connection to ${instance.name}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <ConnectionFields value={value} onChange={setValue} problem={problem} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
      </form>
    </Dialog>
  );
}
