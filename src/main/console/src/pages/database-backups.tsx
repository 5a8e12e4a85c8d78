import { inProject } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { AdoptedReport, Backup } from '../api/backups';
import type { Page } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { listedOf, newestOf, ourRow, theirRow, titleOf } from '../text/adopted';
import { duration, plural } from '../text/format';
import { Card, When } from '../ui/bits';
import { Empty, Panel } from '../ui/panel';
import { Table } from '../ui/table';
import { StateOf, Stored, Taken, TheirTrouble, kindOf } from './backup-cells';

const SHOWN = 5;

/** The newest backups of a database's instance: ours, and those that other tools told of. */
export function DatabaseBackups({ name, instance }: { name: string; instance: string }) {
  const at = project.value!.name;
  const backups = useLoad<Page<Backup>>(inProject(at, ['backups'], { database: name, limit: SHOWN }), kinds('backup'));
  const adopted = useLoad<{ reports: AdoptedReport[] }>(inProject(at, ['instances', instance, 'adopted-backups']), kinds('backup'));
  const reports = adopted.data?.reports ?? [];
  return (
    <Card title="Backups" flush aside={<a href={`${address(at, 'backups')}?database=${name}`}>All of {name}</a>}>
      <Panel loaded={backups} rows={4}>
        {({ items }) => {
          const rows = newestOf([...items.map(ourRow), ...reports.flatMap((report) => listedOf(instance, report)).map(theirRow)], SHOWN);
          return rows.length > 0
            ? <Table caption="Backups" rows={rows} keyOf={(each) => each.key} href={(each) => each.ours && address(at, 'backups', each.ours.id)} columns={[
              { key: 'taken', title: 'Taken', cell: (each) => <Taken row={each} /> },
              { key: 'proof', title: 'Proof', phone: 'top', cell: (each) => <StateOf row={each} /> },
              { key: 'kind', title: 'Kind', cell: kindOf },
              { key: 'rto', title: 'Time to restore', cell: (each) => duration(each.ours?.proof.rtoMillis ?? null), numeric: true },
              { key: 'stored', title: 'Stored', cell: (each) => <Stored row={each} />, numeric: true },
            ]} />
            : <Empty title="No backup yet" />;
        }}
      </Panel>
      <TheirTrouble of={adopted} />
      {reports.map((report) => (
        <p class="muted small table-note" key={report.tool}>{titleOf(report.tool)} told <When at={report.reportedAt} /> of {plural(report.backups.length, 'backup')} of its {report.tool === 'barman' ? 'server' : 'stanza'} {report.name}. Nightshift has not read them.</p>
      ))}
    </Card>
  );
}
