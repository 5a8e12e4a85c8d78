import type { Check, CheckState } from '../api/types';
import { Code, When } from '../ui/bits';
import { CheckMark } from '../ui/state';

const ORDER: CheckState[] = ['FAILED', 'WARNING', 'OK', 'NOT_MEASURED'];

/** What a connection test found: what needs a hand first, each with its remedy to copy. */
export function CheckList({ check }: { check: Check }) {
  const bad = check.items.filter((each) => each.state === 'FAILED').length;
  const warned = check.items.filter((each) => each.state === 'WARNING').length;
  return (
    <div class="check">
      <p class="check-head" role="status">
        <b>{check.ok ? (warned > 0 ? 'It works, with something to improve' : 'All is well') : bad > 0 ? `${bad} of ${check.items.length} checks failed` : 'The connection does not work yet'}</b>
        <span class="muted">{check.serverVersion && `PostgreSQL ${check.serverVersion} · `}checked <When at={check.at} /></span>
      </p>
      <ul>
        {[...check.items].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).map((each) => (
          <li key={each.item} class={each.state.toLowerCase()}>
            <CheckMark state={each.state} />
            <div><b>{each.label}</b>{each.found && <span class="found">{each.found}</span>}{each.remedy && (each.state === 'OK' ? null : <Code text={each.remedy} what={`the remedy for ${each.label}`} />)}</div>
          </li>
        ))}
      </ul>
    </div>
  );
}
