import { useState } from 'preact/hooks';
import { ApiError, api, inProject, passes } from '../api/client';
import { project } from '../frame/session';
import { TOO_LARGE, headerOf, kitFile, passphraseProblem } from '../text/project-keys';
import { Button } from '../ui/bits';
import { Dialog, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';

/** A recovery kit, made under a passphrase that is typed twice, sent in a body, and forgotten. */
export function MakeKit({ onClose }: { onClose: () => void }) {
  const at = project.value!.name;
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [kit, setKit] = useState<string | null>(null);
  const ready = !passphraseProblem(passphrase) && passphrase === again;
  const { busy, problem, run } = useAction(() => made(at, passphrase), (made) => {
    setPassphrase('');
    setAgain('');
    setKit(made);
    save(kitFile(at), made);
  });
  if (kit !== null) {
    return (
      <Dialog title="The recovery kit is made" onClose={onClose}>
        <div class="form">
          <div class="prose">
            <p>Your browser was given <b class="mono break">{kitFile(at)}</b>. See that it is there before you close this.</p>
            <ul>
              <li>Keep the file offline, apart from its passphrase and from the backups.</li>
              <li>Nobody can open it without the passphrase, and nobody can tell you what that was.</li>
              <li>A kit of before can go, unless it holds a key that was destroyed since and you keep copies of a store from that time.</li>
            </ul>
          </div>
          <div class="actions end"><Button icon="download" onClick={() => save(kitFile(at), kit)}>Save it again</Button><Button kind="primary" onClick={onClose}>I have it</Button></div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make a recovery kit" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <p class="muted">A file with all keys of this project, its servers and its stores. Whoever has it and the passphrase can read every backup. The audit log keeps that you made it.</p>
        <Field label="Passphrase" type="password" autoComplete="off" value={passphrase} onInput={setPassphrase} autoFocus help="20 characters or more: five words that nobody would guess. Not into the browser’s store of passwords." error={passphrase ? passphraseProblem(passphrase) : null} refused={problem?.field === 'passphrase' ? problem.detail : null} />
        <Field label="Passphrase again" type="password" autoComplete="off" value={again} onInput={setAgain} error={again && again !== passphrase ? 'The two differ.' : null} />
        {problem && problem.field !== 'passphrase' && <Trouble problem={problem} />}
        {problem && (passes(problem) || problem.status === 200) && <p>No file came, yet Nightshift may count a kit as made: the page of the keys may say so. Make one again until you have the file.</p>}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Making it…' : false}>Make and save it</Button></div>
      </form>
    </Dialog>
  );
}

/** What came is a kit of this project, and not what a proxy or a login page said in its stead. */
async function made(project: string, passphrase: string): Promise<string> {
  const kit = await api<string>(inProject(project, ['recovery-kit']), { method: 'POST', body: { passphrase }, text: true });
  const header = headerOf(kit);
  // One that is too large to be imported here still opens with the stand-alone decoder
  if (header !== TOO_LARGE && (typeof header === 'string' || header.projectName !== project)) {
    throw new ApiError({ title: 'Unreadable answer', status: 200, detail: 'The server answered with something that is not a recovery kit of this project.', remedy: 'A proxy in between may have answered instead; reload the page.' });
  }
  return kit;
}

/** To the byte: the file's beginning is authenticated as it stands. */
function save(name: string, text: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  // Safari and Firefox may read it only after the click was over
  globalThis.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
