import { useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import type { Instance } from '../api/types';
import { project } from '../frame/session';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Trouble } from '../ui/panel';
import { ConnectionFields, NEW_CONNECTION, connectionBody, connectionReady } from './connection-fields';

/** Changes how an instance is reached; its name never changes. */
export function ConnectionForm({ instance, onClose, done }: { instance: Instance; onClose: () => void; done: () => void }) {
  const [value, setValue] = useState({
    ...NEW_CONNECTION, host: instance.host, port: String(instance.port), user: instance.user, tlsMode: instance.tlsMode,
    rootCertificate: instance.rootCertificate ?? '', passwordFile: instance.passwordFile ?? '', secret: instance.passwordFile ? 'file' as const : 'password' as const,
  });
  const ready = connectionReady(value, instance.hasPassword);
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['instances', instance.name]), {
    name: instance.name, maintenanceDatabase: instance.maintenanceDatabase, tags: instance.tags, ...connectionBody(value),
  }), () => { notify(`${instance.name} is saved. Test the connection to see whether it works.`); done(); });
  return (
    <Dialog title={`Connection to ${instance.name}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <ConnectionFields value={value} onChange={setValue} problem={problem} keepsSecret={instance.hasPassword} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
      </form>
    </Dialog>
  );
}
