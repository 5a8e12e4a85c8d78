import { useState } from 'preact/hooks';
import type { StoredObject } from '../api/backups';
import { inProject } from '../api/client';
import { usePages } from '../api/load';
import { project } from '../frame/session';
import { bytes } from '../text/format';
import { objectKind, objectWords, shortHash } from '../text/objects';
import { Button, Card, Copy } from '../ui/bits';
import { Panel } from '../ui/panel';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

/** What lies in the store, as the manifest lists it. Read from there when asked for. */
export function BackupObjects({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  if (open) return <Listed id={id} />;
  return (
    <Card title="Objects by the manifest">
      <p class="muted">The manifest of this backup lists its objects with their bytes and hashes. Whether they are still there, a drill tells.</p>
      <Button onClick={() => setOpen(true)}>Show the objects</Button>
    </Card>
  );
}

const COLUMNS: Column<StoredObject>[] = [
  { key: 'name', title: 'Object', cell: (row) => <span class="mono break">{row.name}</span> },
  { key: 'kind', title: 'Holds', phone: 'top', cell: (row) => objectKind(row.kind) },
  { key: 'stored', title: 'Stored', numeric: true, cell: (row) => bytes(row.storedBytes) },
  { key: 'content', title: 'Plain size', numeric: true, cell: (row) => bytes(row.contentBytes) },
  { key: 'hash', title: 'SHA-256', cell: (row) => <span class="mono">{shortHash(row.sha256)}</span> },
  { key: 'copy', title: '', cell: (row) => <Copy text={() => row.sha256} what={`the hash of ${row.name}`} /> },
];

function Listed({ id }: { id: string }) {
  const objects = usePages<StoredObject>(inProject(project.value!.name, ['backups', id, 'objects']));
  return (
    <Card title="Objects by the manifest" flush aside={objects.data && objectWords(objects.data, objects.more !== undefined)}>
      <Panel loaded={objects} rows={4}>
        {(rows) => <Table caption="Objects" rows={rows} columns={COLUMNS} keyOf={(row) => row.name} more={objects.more} moreWord="Show more" loadingMore={objects.loadingMore} />}
      </Panel>
    </Card>
  );
}
