import { inProject, path, post } from '../api/client';
import { useList } from '../api/load';
import type { Loaded } from '../api/load';
import type { Deleted } from '../api/access';
import { project, refreshMe } from '../frame/session';
import { words } from '../text/format';
import { Button, Card, When } from '../ui/bits';
import { notify, useAction } from '../ui/dialog';
import { Empty, Panel } from '../ui/panel';
import { Table } from '../ui/table';

/** Instances and databases of this project that can be taken back. */
export function DeletedHere() {
  const name = project.value!.name;
  const deleted = useList<Deleted>(inProject(name, ['deleted']));
  return (
    <Card flush>
      <DeletedTable loaded={deleted} restore={(each) => post(inProject(name, ['deleted', each.id, 'restore']))}
        empty="What is deleted here can be restored for 30 days, with its login and settings." />
    </Card>
  );
}

/** Projects that can be taken back; for who administers the installation. */
export function DeletedProjects() {
  const deleted = useList<Deleted>('/deleted-projects');
  if (deleted.data?.length === 0) return null;
  return (
    <Card title="Deleted" flush>
      <DeletedTable loaded={deleted} empty="" restore={async (each) => {
        await post(path(['deleted-projects', each.name, 'restore']));
        await refreshMe();
      }} />
    </Card>
  );
}

function DeletedTable({ loaded, restore, empty }: { loaded: Loaded<Deleted[]>; restore: (each: Deleted) => Promise<unknown>; empty: string }) {
  return (
    <Panel loaded={loaded} rows={2}>
      {(items) => (items.length === 0 ? <Empty title="Nothing is deleted">{empty}</Empty> : (
        <Table caption="Deleted" rows={items} keyOf={(each) => each.id} columns={[
          { key: 'name', title: 'Name', cell: (each) => <span class="two"><b>{each.name}</b><small>{words(each.kind.toLowerCase())}{each.on && each.on !== each.name ? ` on ${each.on}` : ''}</small></span>, sort: (each) => each.name },
          { key: 'deleted', title: 'Deleted', cell: (each) => <When at={each.deletedAt} />, sort: (each) => each.deletedAt, numeric: true },
          { key: 'until', title: 'Gone for good', cell: (each) => <When at={each.until} />, sort: (each) => each.until, numeric: true },
          { key: 'acts', title: '', cell: (each) => <Restore what={each} act={() => restore(each)} done={loaded.reload} /> },
        ]} />
      ))}
    </Panel>
  );
}

function Restore({ what, act, done }: { what: Deleted; act: () => Promise<unknown>; done: () => void }) {
  const { busy, problem, run } = useAction(act, () => { notify(`${what.name} is back.`); done(); });
  return (
    <span class="row-acts">
      {problem && <span class="bad-text" role="alert">{problem.detail}</span>}
      <Button kind="quiet" label={`Restore ${what.name}`} busy={busy ? 'Restoring…' : false} onClick={() => void run()}>Restore</Button>
    </span>
  );
}
