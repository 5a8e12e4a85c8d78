import type { Attempt } from '../api/runs';
import type { Run } from '../api/types';
import { duration } from '../text/format';
import { Card, When } from '../ui/bits';
import { Table } from '../ui/table';

function cause(attempt: Attempt): string {
  if (attempt.cause === 'FIRST') return 'the first';
  if (attempt.cause === 'WINDOW') return 'a maintenance window opened';
  if (attempt.cause === 'LOCK') return 'targets that waited for others had let the rest pass';
  if (attempt.cause === 'RECOVERY') return 'its node was lost or stopped';
  if (attempt.cause === 'RETRY') return attempt.by ? `restarted by ${attempt.by}` : 'restarted';
  return 'not recorded';
}

/** Which node tried it when, and why again. */
export function RunAttempts({ run }: { run: Run }) {
  return (
    <Card title="Attempts" flush>
      <Table caption="Attempts" rows={run.attempts} keyOf={(each) => String(each.number)} columns={[
        { key: 'number', title: 'Attempt', cell: (each) => <b>attempt {each.number}</b>, text: (each) => each.number },
        { key: 'node', title: 'Node', cell: (each) => each.node, text: (each) => each.node },
        { key: 'cause', title: 'Why', phone: 'wide', cell: cause, text: cause },
        { key: 'started', title: 'Started', cell: (each) => <When at={each.startedAt} />, text: (each) => each.startedAt, numeric: true },
        { key: 'took', title: 'Took', cell: (each) => (each.endedAt ? duration(Date.parse(each.endedAt) - Date.parse(each.startedAt)) : 'under way'), text: (each) => (each.endedAt ? duration(Date.parse(each.endedAt) - Date.parse(each.startedAt)) : null), numeric: true },
      ]} />
    </Card>
  );
}
