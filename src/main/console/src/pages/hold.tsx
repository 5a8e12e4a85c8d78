import { useState } from 'preact/hooks';
import { inProject, put, remove } from '../api/client';
import type { Backup } from '../api/backups';
import { project } from '../frame/session';
import { Button } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';

/** A backup on hold stays, whatever the rule of its expiry says. */
export function HoldDialog({ backup, onClose, done }: { backup: Backup; onClose: () => void; done: () => void }) {
  const [reason, setReason] = useState('');
  const ready = reason.trim() !== '' && reason.length <= 500;
  const at = inProject(project.value!.name, ['backups', backup.id, 'hold']);
  const { busy, problem, run } = useAction(() => put(at, { reason: reason.trim() }), () => { notify('It stays until its hold is taken away.'); done(); });
  if (backup.hold) {
    return (
      <Confirm title="Take the hold away" verb="Take it away" busyWord="Taking it away…" onClose={onClose}
        act={async () => { await remove(at); notify('It expires again as the rule says.'); done(); }}>
        <p><b>{backup.hold.by}</b> put this backup on hold: {backup.hold.reason}. Without it the next run that deletes expired backups may delete this one.</p>
      </Confirm>
    );
  }
  return (
    <Dialog title="Put this backup on hold" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <p class="muted">It does not expire then, nor do those that it is built on.</p>
        <Field label="Reason" value={reason} onInput={setReason} autoFocus help="Whoever wants to delete it reads this." error={ready ? null : 'Say why, in 1 to 500 characters.'} />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Put on hold</Button></div>
      </form>
    </Dialog>
  );
}
