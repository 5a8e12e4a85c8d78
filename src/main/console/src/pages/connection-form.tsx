import { useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import type { Instance } from '../api/types';
import { project } from '../frame/session';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';
import { ConnectionFields, NEW_CONNECTION, connectionBody, connectionReady } from './connection-fields';

/** Changes how an instance is reached and how old its proof may be; its name never changes. */
export function ConnectionForm({ instance, onClose, done }: { instance: Instance; onClose: () => void; done: () => void }) {
  const [value, setValue] = useState({
    ...NEW_CONNECTION, host: instance.host, port: String(instance.port), user: instance.user, tlsMode: instance.tlsMode,
    rootCertificate: instance.rootCertificate ?? '', passwordFile: instance.passwordFile ?? '', secret: instance.passwordFile ? 'file' as const : 'password' as const,
  });
  const [days, setDays] = useState(String(instance.proofDays));
  const daysProblem = /^\d{1,3}$/.test(days) && Number(days) <= 366 ? null : 'A whole number of days from 0 to 366.';
  const ready = connectionReady(value, instance.hasPassword) && !daysProblem;
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['instances', instance.name]), {
    name: instance.name, maintenanceDatabase: instance.maintenanceDatabase, tags: instance.tags, proofDays: Number(days), ...connectionBody(value),
  }), () => { notify(`${instance.name} is saved. Test the connection to see whether it works.`); done(); });
  return (
    <Dialog title={`Instance ${instance.name}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <ConnectionFields value={value} onChange={setValue} problem={problem} keepsSecret={instance.hasPassword} />
        <Field label="Proof at least every, days" value={days} onInput={setDays} numeric help="An older proof is a finding; 0 where none is expected." error={daysProblem} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
      </form>
    </Dialog>
  );
}
