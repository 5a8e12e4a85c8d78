import { useId, useRef, useState } from 'preact/hooks';
import { post } from '../api/client';
import type { ImportedKit } from '../api/project-keys';
import { project, refreshMe } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { go } from '../router';
import { exact, plural } from '../text/format';
import { nameProblem } from '../text/names';
import { MOST_KIT_BYTES, TOO_LARGE, headerOf } from '../text/project-keys';
import type { KitHeader } from '../text/project-keys';
import { Button } from '../ui/bits';
import { Dialog, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';
import '../styles/project-keys.css';

/** A project's keys come back: into the project of the kit's id, or one that is made anew. */
export function ImportKit({ onClose }: { onClose: () => void }) {
  const file = useId();
  const [kit, setKit] = useState('');
  const [header, setHeader] = useState<KitHeader | string | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [name, setName] = useState('');
  const last = useRef<File | undefined>(undefined);
  const [came, setCame] = useState<ImportedKit | null>(null);
  const good = header !== null && typeof header !== 'string';
  const ready = good && passphrase !== '' && (name === '' || !nameProblem(name));
  const { busy, problem, run, clear } = useAction(() => post<ImportedKit>('/recovery-kit/import', { kit, passphrase, name: name || null }), (imported) => {
    setPassphrase('');
    setKit('');
    setCame(imported);
    void refreshMe();
  });
  const read = async (chosen: File | undefined) => {
    clear();
    last.current = chosen;
    setKit('');
    setHeader(null);
    if (!chosen) return;
    if (chosen.size > MOST_KIT_BYTES) return setHeader(TOO_LARGE);
    const text = await chosen.text().catch(() => null);
    if (last.current !== chosen) return;
    setKit(text ?? '');
    setHeader(text === null ? 'This file cannot be read.' : headerOf(text));
  };
  if (came) return <Came kit={came} onClose={onClose} />;
  const here = project.value?.name;
  return (
    <Dialog title="Import a recovery kit" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <p class="muted">For an installation that lost a project’s keys, or never had them. Where the kit’s project is here, it gets the keys that it lacks; where it is not, it is made anew.</p>
        <div class={`field ${typeof header === 'string' || problem?.field === 'kit' ? 'wrong' : ''}`}>
          <label for={file}>Kit</label>
          <input id={file} type="file" accept=".json,application/json" aria-describedby={`${file}-help`} onChange={(event) => void read(event.currentTarget.files?.[0])} />
          <p class="help break" id={`${file}-help`} aria-live="polite">
            {problem?.field === 'kit' ? problem.detail : typeof header === 'string' ? header
              : header ? `Of project ${header.projectName}, made ${exact(header.madeAt, zone())}.${here && here !== header.projectName ? ` You are in ${here}: the keys go to the kit’s own project.` : ''}` : 'The file as it was saved.'}
          </p>
        </div>
        <Field label="Passphrase" type="password" autoComplete="off" value={passphrase} onInput={(value) => { setPassphrase(value); clear(); }} help="The one that the kit was made with." refused={problem?.field === 'passphrase' ? problem.detail : null} />
        <Field label="Name" value={name} onInput={setName} mono required={false} help="Of the project, if it has to be made; the kit’s own if left empty." error={name ? nameProblem(name) : null} refused={problem?.field === 'name' ? problem.detail : null} />
        {problem && !['kit', 'passphrase', 'name'].includes(problem.field ?? '') && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Importing…' : false}>Import</Button></div>
      </form>
    </Dialog>
  );
}

function Came({ kit, onClose }: { kit: ImportedKit; onClose: () => void }) {
  return (
    <Dialog title={kit.created ? `Project ${kit.project} is made` : `Keys of ${kit.project}`} onClose={onClose}>
      <div class="form">
        <div class="prose break">
          <p>{kit.keys.length === 0 ? 'The project had all keys of the kit already.' : `${plural(kit.keys.length, 'key')} came: ${kit.keys.join(', ')}.`} Key {kit.primary} wraps what is new.</p>
          <p>Next, for its backups to be seen:</p>
          <ul>
            {kit.stores.length > 0 && <li>Define its stores, where they are not: {kit.stores.map((each) => `${each.name} (${each.place})`).join(', ')}.</li>}
            {kit.servers.length > 0 && <li>Register its servers: {kit.servers.map((each) => `${each.name} (${each.host}:${each.port})`).join(', ')}.</li>}
            <li>Run the job rebuild-catalogue.</li>
          </ul>
        </div>
        <div class="actions end"><Button onClick={onClose}>Close</Button><Button kind="primary" onClick={() => { onClose(); go(address(kit.project, 'databases')); }}>Go to {kit.project}</Button></div>
      </div>
    </Dialog>
  );
}
