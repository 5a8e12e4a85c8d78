import { useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import type { Database } from '../api/types';
import { project } from '../frame/session';
import { percentProblem, tagsOf } from '../text/names';
import { Button } from '../ui/bits';
import { Dialog, notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Trouble } from '../ui/panel';

export function ThresholdsForm({ database, onClose, done }: { database: Database; onClose: () => void; done: () => void }) {
  const [dead, setDead] = useState(String(database.vacuum.deadPercent));
  const [changed, setChanged] = useState(String(database.vacuum.changedPercent));
  const [floor, setFloor] = useState(String(database.vacuum.floorRows));
  const [tags, setTags] = useState(database.tags.join(', '));
  const floorProblem = /^\d+$/.test(floor) ? null : 'A whole number of rows, 0 or more.';
  const ready = !percentProblem(dead) && !percentProblem(changed) && !floorProblem;
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['databases', database.name]), {
    name: database.name, instance: database.instance, dbname: database.dbname,
    tags: tagsOf(tags),
    vacuum: { deadPercent: Number(dead), changedPercent: Number(changed), floorRows: Number(floor) },
  }), () => { notify('Saved.'); done(); });
  return (
    <Dialog title={`Vacuum and tags of ${database.name}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="form-grid">
          <Field label="Dead rows from, %" value={dead} onInput={setDead} numeric help="Vacuum above this share." error={percentProblem(dead)} />
          <Field label="Changed rows from, %" value={changed} onInput={setChanged} numeric help="Analyze above this share." error={percentProblem(changed)} />
        </div>
        <Field label="Floor, rows" value={floor} onInput={setFloor} numeric help="Fewer dead, changed or inserted rows of a table are left to autovacuum." error={floorProblem} />
        <Field label="Tags" value={tags} onInput={setTags} required={false} help="Separated by commas." />
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
      </form>
    </Dialog>
  );
}
