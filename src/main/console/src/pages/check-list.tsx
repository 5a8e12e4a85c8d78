import type { Check, CheckItem, CheckState } from '../api/types';
import { plural } from '../text/format';
import { Remedy, When } from '../ui/bits';
import { CheckMark } from '../ui/state';

const ORDER: CheckState[] = ['FAILED', 'WARNING', 'OK', 'NOT_MEASURED'];

/** What a connection test found: what needs a hand first, each with its remedy to copy. */
export function CheckList({ check }: { check: Check }) {
  const bad = check.items.filter((each) => each.state === 'FAILED').length;
  const sorted = [...check.items].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const needy = sorted.filter((each) => each.state === 'FAILED' || each.state === 'WARNING');
  const rest = sorted.filter((each) => !needy.includes(each));
  const fine = rest.filter((each) => each.state === 'OK').length;
  const warned = check.items.filter((each) => each.state === 'WARNING').length;
  return (
    <div class="check">
      <p class="check-head" role="status">
        <b>{check.ok ? (warned > 0 ? 'It works, with something to improve' : 'All is well') : bad > 0 ? `${bad} of ${check.items.length} checks failed` : 'The connection does not work yet'}</b>
        <span class="muted">{check.serverVersion && `PostgreSQL ${check.serverVersion} · `}checked <When at={check.at} /></span>
      </p>
      {needy.length > 0 && <Items items={needy} />}
      {rest.length > 0 && (
        <details class="check-rest" open={needy.length === 0 && rest.length < 10}>
          <summary>{[fine > 0 && `${plural(fine, 'check')} fine`, fine < rest.length && `${rest.length - fine} not measured`].filter(Boolean).join(', ')}</summary>
          <Items items={rest} />
        </details>
      )}
    </div>
  );
}

function Items({ items }: { items: CheckItem[] }) {
  return (
    <ul>
      {items.map((each) => (
        <li key={each.item} class={each.state.toLowerCase()}>
          <CheckMark state={each.state} />
          <div><b>{each.label}</b>{each.found && <span class="found">{each.found}</span>}{each.remedy && each.state !== 'OK' && <Remedy text={each.remedy} of={each.label} />}</div>
        </li>
      ))}
    </ul>
  );
}
