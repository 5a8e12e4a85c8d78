import { useState } from 'preact/hooks';
import { cutWords } from '../api/pages';
import type { Database } from '../api/types';
import { fits } from '../text/filter';
import { Checkbox, Choice } from '../ui/field';

export const ALL = '*';

/** So many are seen at a glance; beyond that one searches. */
const AT_A_GLANCE = 8;

/** Every database now and later, or chosen ones. */
export function DatabasePicker({ all, chosen, onChange, note }: { all: Database[]; chosen: string[]; onChange: (chosen: string[]) => void; note?: string }) {
  const [asked, ask] = useState('');
  const every = chosen.includes(ALL);
  const toggle = (name: string, on: boolean) => onChange(on ? [...chosen, name] : chosen.filter((each) => each !== name));
  const shown = all.filter((each) => fits(asked, each.name, each.instance, ...each.tags));
  return (
    <div class="field">
      <span class="label" id="aims">Databases</span>
      <Choice label="Databases" value={every ? 'all' : 'some'} onChange={(value) => onChange(value === 'all' ? [ALL] : [])} options={[{ value: 'all', label: 'All' }, { value: 'some', label: 'Chosen ones' }]} />
      {!every && all.length > AT_A_GLANCE && (
        <input type="search" aria-label="Filter databases" placeholder="Name, instance or tag" value={asked} onInput={(event) => ask(event.currentTarget.value)}
          // Enter would send the form around it.
          onKeyDown={(event) => { if (event.key === 'Enter') event.preventDefault(); }} />
      )}
      {!every && (
        <div class="picker" role="group" aria-labelledby="aims">
          {shown.map((each) => <Checkbox key={each.name} label={each.name} help={`on ${each.instance}`} checked={chosen.includes(each.name)} onChange={(on) => toggle(each.name, on)} />)}
          {shown.length === 0 && <p class="muted">No database fits.</p>}
        </div>
      )}
      <p class="help">{every ? 'Databases that are added later are included.' : chosen.length === 0 ? 'Choose at least one.' : `${chosen.length} chosen.`} {note} {!every && cutWords(all.length)}</p>
    </div>
  );
}
