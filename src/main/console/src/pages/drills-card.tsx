import { inProject } from '../api/client';
import { kinds, useLoad } from '../api/load';
import type { Drill, Drills } from '../api/backups';
import { project } from '../frame/session';
import { address } from '../routes';
import { aimWords, heights, trendWords } from '../text/drills';
import { duration } from '../text/format';
import { Card, When } from '../ui/bits';
import { Empty, Panel } from '../ui/panel';
import { PROOF_WORDS, State } from '../ui/state';
import type { Look } from '../ui/state';
import { Table } from '../ui/table';

const SHOWN = 20;
const LISTED = 6;

/** What the restore drills of a database's server came to, and how long a restore takes. */
export function DrillsCard({ database }: { database: string }) {
  const at = project.value!.name;
  const drills = useLoad<Drills>(inProject(at, ['databases', database, 'drills'], { limit: SHOWN }), kinds('backup', 'run'));
  return (
    <Card title="Drills" flush>
      <Panel loaded={drills} rows={4}>
        {({ items, trend }) => (items.length === 0
          ? <Empty title="No drill yet">What each restore drill came to stands here, and how long the restore took.</Empty>
          : <>
            <Line drills={items} />
            {trendWords(trend) && <p class="muted small">{trendWords(trend)}</p>}
            <Table caption="Drills" rows={items.slice(0, LISTED)} keyOf={(each) => each.id} href={(each) => (each.run ? address(at, 'runs', each.run) : address(at, 'backups', each.backup))} columns={[
              { key: 'at', title: 'At', cell: (each) => <When at={each.at} plain /> },
              { key: 'outcome', title: 'Came to', phone: 'top', cell: (each) => <State look={look(each)} /> },
              { key: 'what', title: 'Of', phone: 'wide', cell: (each) => <span>{aimWords(each)}, in {each.store}</span> },
              { key: 'rto', title: 'Restored in', cell: (each) => duration(each.rtoMillis), numeric: true },
            ]} />
          </>)}
      </Panel>
    </Card>
  );
}

function look({ outcome, level, levelNumber }: Drill): Look {
  const word = levelNumber < 0 ? PROOF_WORDS.NONE : `L${levelNumber} ${PROOF_WORDS[level]}`;
  if (outcome === 'PASSED') return { word, shape: levelNumber >= 3 ? 'dot' : 'half', tone: levelNumber >= 3 ? 'good' : 'idle' };
  return outcome === 'FAILED' ? { word: `failed after ${word}`, shape: 'square', tone: 'bad' } : { word: `${word}, no more possible here`, shape: 'dash', tone: 'idle' };
}

const WIDTH = 320;
const HEIGHT = 40;

/** One dot a measured restore, the newest on the right; the highest is the longest. */
function Line({ drills }: { drills: Drill[] }) {
  const points = heights(drills);
  if (points.length < 2) return null;
  const place = (height: number, index: number) => [4 + (index * (WIDTH - 8)) / (points.length - 1), HEIGHT - 4 - height * (HEIGHT - 8)] as const;
  const longest = Math.max(...drills.map((each) => each.rtoMillis ?? 0));
  return (
    <figure class="rto-line">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Time to restore in the last ${points.length} measured drills, at most ${duration(longest)}`}>
        <polyline points={points.map((each, index) => place(each, index).join(',')).join(' ')} />
        {points.map((each, index) => { const [x, y] = place(each, index); return <circle key={index} cx={x} cy={y} r="2.5" />; })}
      </svg>
      <figcaption class="muted small">Time to restore, {points.length} measured drills, at most {duration(longest)}</figcaption>
    </figure>
  );
}
