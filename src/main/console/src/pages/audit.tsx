import { useEffect, useRef, useState } from 'preact/hooks';
import { me, path } from '../api/client';
import { usePages } from '../api/load';
import type { AuditEntry } from '../api/types';
import { project } from '../frame/session';
import { query, setQuery } from '../router';
import { address } from '../routes';
import { shortId, words } from '../text/format';
import { Button, ButtonLink, Card, PageHead, When } from '../ui/bits';
import { Choice } from '../ui/field';
import { Empty, Panel } from '../ui/panel';
import { Table } from '../ui/table';
import type { Column } from '../ui/table';

function details(entry: AuditEntry): string {
  return Object.entries(entry.details ?? {}).map(([key, value]) => `${words(key).toLowerCase()}: ${Array.isArray(value) ? value.map(told).join(', ') : told(value)}`).join(', ');
}

function told(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value === '*') return 'all';
  if (typeof value === 'string') return /^[A-Z_]+$/.test(value) ? value.toLowerCase().replace(/_/g, ' ') : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const COLUMNS: Column<AuditEntry>[] = [
  { key: 'at', title: 'When', cell: (each) => <When at={each.at} /> },
  { key: 'who', title: 'Who', cell: (each) => <span class="two">{each.who}<small class="mono">{each.from ?? ''}</small></span> },
  { key: 'action', title: 'Action', cell: (each) => <span class="mono">{each.action}</span>, phone: 'top' },
  { key: 'object', title: 'Object', cell: (each) => <AuditObject entry={each} />, phone: 'wide' },
  { key: 'project', title: 'Project', cell: (each) => each.project ?? <span class="muted">installation</span> },
  { key: 'details', title: 'Details', cell: (each) => details(each) ? <span class="break muted">{details(each)}</span> : <span class="muted nothing">–</span>, phone: 'wide' },
];

/** A run or a database of this project is a link to it. */
function AuditObject({ entry }: { entry: AuditEntry }) {
  const [kind, name] = entry.object.split(' ');
  const place = kind === 'run' ? 'runs' : kind === 'database' ? 'databases' : kind === 'backup' ? 'backups' : null;
  // A key is known by the name it was given, not by its id.
  if (kind === 'key' && typeof entry.details?.name === 'string') return <span class="break">key {entry.details.name}</span>;
  if (!place || !name || !entry.project) return <span class="break">{kind} {shortId(name ?? '')}</span>;
  return <span class="break">{kind} <a href={address(entry.project, place, name)}>{shortId(name)}</a></span>;
}

export function AuditPage() {
  const name = project.value!.name;
  const asked = query.value;
  const everywhere = me.value!.installationAdmin && asked.get('everywhere') === 'yes';
  const columns = everywhere ? COLUMNS : COLUMNS.filter((each) => each.key !== 'project');
  const who = asked.get('who');
  const object = asked.get('object');
  const action = asked.get('action');
  const filters = { project: everywhere ? null : name, who, object, action };
  const entries = usePages<AuditEntry>(path(['audit'], filters));
  return (
    <>
      <PageHead title="Audit" sub="Who did what, from where; nothing here can be changed" />
      <Card flush>
        <div class="filters">
          {me.value!.installationAdmin && <Choice label="Where" value={everywhere ? 'all' : 'project'} onChange={(value) => setQuery({ everywhere: value === 'all' ? 'yes' : null })} options={[{ value: 'project', label: 'This project' }, { value: 'all', label: 'Everywhere' }]} />}
          <FilterText label="Who" name="who" value={who ?? ''} />
          <FilterText label="Action" name="action" value={action ?? ''} />
          <FilterText label="Object" name="object" value={object ?? ''} />
          <span class="push"><ButtonLink kind="quiet" icon="download" href={`/api${path(['audit', 'export'], filters)}`} download>CSV</ButtonLink></span>
        </div>
        <Panel loaded={entries} rows={10}>
          {(items) => (items.length > 0
            ? <Table caption="Audit" rows={items} columns={columns} keyOf={(each) => each.id} more={entries.more} loadingMore={entries.loadingMore} />
            : who || object || action ? <Empty title="No entry fits" action={<Button onClick={() => setQuery({ who: null, object: null, action: null })}>Clear the filters</Button>} />
              : <Empty title="Nothing has been recorded yet">Every change and every login stands here.</Empty>)}
        </Panel>
      </Card>
    </>
  );
}

/** Asks the server when typing has paused, so that a name is not looked up letter by letter. */
function FilterText({ label, name, value }: { label: string; name: string; value: string }) {
  const [text, setText] = useState(value);
  const timer = useRef<number | undefined>(undefined);
  // The address may change without typing: filters cleared, a step back.
  useEffect(() => { if (value !== text.trim()) setText(value); }, [value]);
  return (
    <input type="search" class="filter-box small" aria-label={label} placeholder={label} value={text}
      onInput={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setQuery({ [name]: typed.trim() }), 300);
      }} />
  );
}
