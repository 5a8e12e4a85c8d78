import { useId, useState } from 'preact/hooks';
import { cutWords } from '../api/pages';
import type { Database } from '../api/types';
import { fits } from '../text/filter';
import { plural } from '../text/format';
import { Checkbox, Choice } from '../ui/field';

export const ALL = '*';

/** So many are seen at a glance; beyond that one searches. */
const AT_A_GLANCE = 8;

/** Before a tag, in the place of a name. */
const TAG = 'tag:';

/** What a list of names and tags says, in a word or two. */
export function aimWords(databases: string[]): string {
  if (databases.length === 0) return 'the project';
  if (databases.includes(ALL)) return 'all';
  return databases.map((each) => (each.startsWith(TAG) ? `tagged ${each.slice(TAG.length)}` : each)).join(', ');
}

/** Every database now and later, chosen ones, or those that carry a tag when it starts. */
export function DatabasePicker({ all, chosen, onChange, note }: { all: Database[]; chosen: string[]; onChange: (chosen: string[]) => void; note?: string }) {
  const aims = useId();
  const [asked, ask] = useState('');
  const tags = [...new Set([...all.flatMap((each) => each.tags), ...chosen.filter((each) => each.startsWith(TAG)).map((each) => each.slice(TAG.length))])].sort();
  // What was chosen says it; where nothing is chosen yet, the choice that was made
  const [wanted, want] = useState('some');
  const kind = chosen.includes(ALL) ? 'all' : chosen.some((each) => each.startsWith(TAG)) ? 'tags' : chosen.length > 0 ? 'some' : wanted;
  const toggle = (name: string, on: boolean) => onChange(on ? [...chosen, name] : chosen.filter((each) => each !== name));
  const shown = all.filter((each) => fits(asked, each.name, each.instance, ...each.tags));
  const carry = (tag: string) => all.filter((each) => each.tags.includes(tag)).length;
  const named = chosen.filter((each) => !each.startsWith(TAG));
  const help = kind === 'all' ? 'Databases that are added later are included.'
    : chosen.length === 0 ? 'Choose at least one.'
      : kind === 'tags' ? `${plural(all.filter((each) => each.tags.some((tag) => chosen.includes(TAG + tag))).length, 'database')} now; those that carry a tag when it starts are meant.${named.length > 0 ? ` Besides them ${named.join(', ')}.` : ''}`
        : `${chosen.length} chosen.`;
  return (
    <div class="field">
      <span class="label" id={aims}>Databases</span>
      <Choice label="Databases" value={kind} onChange={(value) => { want(value); onChange(value === 'all' ? [ALL] : []); }}
        options={[{ value: 'all', label: 'All' }, { value: 'some', label: 'Chosen ones' }, ...(tags.length > 0 ? [{ value: 'tags', label: 'By tag' }] : [])]} />
      {kind === 'some' && all.length > AT_A_GLANCE && (
        <input type="search" aria-label="Filter databases" placeholder="Name, instance or tag" value={asked} onInput={(event) => ask(event.currentTarget.value)}
          // Enter would send the form around it.
          onKeyDown={(event) => { if (event.key === 'Enter') event.preventDefault(); }} />
      )}
      {kind === 'some' && (
        <div class="picker" role="group" aria-labelledby={aims}>
          {shown.map((each) => <Checkbox key={each.name} label={each.name} help={`on ${each.instance}`} checked={chosen.includes(each.name)} onChange={(on) => toggle(each.name, on)} />)}
          {shown.length === 0 && <p class="muted">No database fits.</p>}
        </div>
      )}
      {kind === 'tags' && (
        <div class="picker" role="group" aria-labelledby={aims}>
          {tags.map((tag) => <Checkbox key={tag} label={tag} help={plural(carry(tag), 'database')} checked={chosen.includes(TAG + tag)} onChange={(on) => toggle(TAG + tag, on)} />)}
        </div>
      )}
      <p class="help">{help} {note} {kind !== 'all' && cutWords(all.length)}</p>
    </div>
  );
}
