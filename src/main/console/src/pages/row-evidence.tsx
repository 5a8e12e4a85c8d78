import { useState } from 'preact/hooks';
import { inProject } from '../api/client';
import { useLoad } from '../api/load';
import type { DatabaseEvidence, MeasuredRows } from '../api/types';
import { project } from '../frame/session';
import { count, duration, plural, words } from '../text/format';
import { Button, Card, Code, Copy, When } from '../ui/bits';
import { Panel } from '../ui/panel';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

/** What the rows were on the source, and the queries with which anyone can ask again. Read from the store when asked for. */
export function RowEvidence({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Card title="Rows on the source">
      {open ? <Databases id={id} /> : (
        <>
          <p class="muted">When this backup was taken, the tables of its registered databases were counted and hashed on the source. L4 compares the restored copy with that.</p>
          <Button onClick={() => setOpen(true)}>Show what was measured</Button>
        </>
      )}
    </Card>
  );
}

function Databases({ id }: { id: string }) {
  const evidence = useLoad<{ databases: DatabaseEvidence[] }>(inProject(project.value!.name, ['backups', id, 'evidence']));
  return (
    <Panel loaded={evidence} rows={4}>
      {({ databases }) => databases.length === 0
        ? <p class="muted">No rows were measured with this backup.</p>
        : <>{databases.map((each) => <Database key={each.database} data={each} />)}</>}
    </Panel>
  );
}

const COLUMNS: Column<MeasuredRows>[] = [
  { key: 'name', title: 'Relation', cell: (row) => <span class="mono break">{row.name}</span>, phone: 'top' },
  { key: 'kind', title: 'Kind', cell: (row) => words(row.kind) },
  { key: 'rows', title: 'Rows', numeric: true, cell: (row) => count(row.rows) },
  { key: 'how', title: 'Read', cell: (row) => row.changed ? 'changed meanwhile' : row.samplePercent ? `sample, ${row.samplePercent.toPrecision(2)} %` : 'whole' },
  { key: 'query', title: 'Query', cell: (row) => <Copy text={() => row.query} label="Copy" what={`the query of ${row.name}`} /> },
];

function Database({ data }: { data: DatabaseEvidence }) {
  return (
    <section aria-label={data.database}>
      <h3>{data.database}</h3>
      <p class="muted">
        {data.position ? <>At position <span class="mono">{data.position}</span>: just what had committed before it</> : 'Before and after the restore point: what is the same both times was so at it'}
        {', '}<When at={data.takenAt} />, took {duration(data.tookMillis)}. To ask again on a copy at that position, begin a transaction with these settings, then the query.
      </p>
      <Code text={`begin; ${data.settings};`} what="the settings" />
      <Table caption={`Measured in ${data.database}`} rows={data.measured} columns={COLUMNS} keyOf={(row) => `${row.kind} ${row.name}`} />
      {data.uncovered.length > 0 && (
        <details><summary>{plural(data.uncovered.length, 'relation')} not measured</summary>
          <ul class="plain">{data.uncovered.map((each) => <li key={each.name}><span class="mono">{each.name}</span>: {each.reason}</li>)}</ul>
        </details>
      )}
    </section>
  );
}
