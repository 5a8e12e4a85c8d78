import { inProject } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { AdoptedBackup, AdoptedReport, Backup } from '../api/backups';
import type { Page, Time } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { bytes, duration, plural, words } from '../text/format';
import { newestOf } from '../text/adopted';
import { Card, When } from '../ui/bits';
import { Empty, Panel } from '../ui/panel';
import { ProofState, State } from '../ui/state';
import { Table } from '../ui/table';

const SHOWN = 5;
const TOOLS: Record<string, string> = { pgbackrest: 'pgBackRest', barman: 'Barman' };
const titleOf = (tool: string) => TOOLS[tool] ?? tool;

interface Row {
  key: string;
  at: Time;
  ours?: Backup;
  theirs?: AdoptedBackup;
  tool?: string;
}

/** The newest backups of a database's instance: ours, and those that other tools told of, whose contents nobody here has seen. */
export function DatabaseBackups({ name, instance }: { name: string; instance: string }) {
  const at = project.value!.name;
  const backups = useLoad<Page<Backup>>(inProject(at, ['backups'], { database: name, limit: SHOWN }), kinds('backup'));
  const adopted = useLoad<{ reports: AdoptedReport[] }>(inProject(at, ['instances', instance, 'adopted-backups']), kinds('backup'));
  const reports = adopted.data?.reports ?? [];
  return (
    <Card title="Backups" flush aside={<a href={`${address(at, 'backups')}?database=${name}`}>All of {name}</a>}>
      <Panel loaded={backups} rows={4}>
        {({ items }) => {
          const rows = newestOf<Row>([
            ...items.map((each) => ({ key: each.id, at: each.takenAt, ours: each })),
            ...reports.flatMap((report) => report.backups.map((each) => ({ key: `${report.tool} ${each.label}`, at: each.endedAt ?? report.reportedAt, theirs: each, tool: report.tool }))),
          ], SHOWN);
          return rows.length > 0
            ? <Table caption="Backups" rows={rows} keyOf={(each) => each.key} href={(each) => each.ours && address(at, 'backups', each.ours.id)} columns={[
              { key: 'taken', title: 'Taken', cell: (each) => (each.theirs && !each.theirs.endedAt ? 'not over' : <When at={each.at} plain />) },
              { key: 'proof', title: 'Proof', phone: 'top', cell: (each) => (each.ours ? <ProofState proof={each.ours.proof} damaged={each.ours.state === 'DAMAGED'} /> : <TheirState row={each} />) },
              { key: 'kind', title: 'Kind', cell: (each) => words((each.ours ?? each.theirs!).kind.toLowerCase()) },
              { key: 'rto', title: 'Time to restore', cell: (each) => duration(each.ours?.proof.rtoMillis ?? null), numeric: true },
              { key: 'stored', title: 'Stored', cell: (each) => bytes(each.ours ? each.ours.storedBytes : each.theirs!.storedBytes), numeric: true },
            ]} />
            : <Empty title="No backup yet" />;
        }}
      </Panel>
      {reports.map((report) => (
        <p class="muted small table-note" key={report.tool}>{titleOf(report.tool)} told <When at={report.reportedAt} /> of {plural(report.backups.length, 'backup')} of its {report.tool === 'barman' ? 'server' : 'stanza'} {report.name}. Nightshift has not read them.</p>
      ))}
    </Card>
  );
}

function TheirState({ row }: { row: Row }) {
  const title = titleOf(row.tool!);
  return row.theirs!.failed
    ? <span class="two"><State look={{ word: 'faulty', shape: 'square', tone: 'bad' }} /><small>says {title}</small></span>
    : <span class="two"><State look={{ word: 'not proven', shape: 'ring', tone: 'idle' }} /><small>of {title}</small></span>;
}
