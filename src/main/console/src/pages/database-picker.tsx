import type { Database } from '../api/types';
import { Checkbox, Choice } from '../ui/field';

export const ALL = '*';

/** Every database now and later, or chosen ones. */
export function DatabasePicker({ all, chosen, onChange, note }: { all: Database[]; chosen: string[]; onChange: (chosen: string[]) => void; note?: string }) {
  const every = chosen.includes(ALL);
  const toggle = (name: string, on: boolean) => onChange(on ? [...chosen, name] : chosen.filter((each) => each !== name));
  return (
    <div class="field">
      <span class="label" id="aims">Databases</span>
      <Choice label="Databases" value={every ? 'all' : 'some'} onChange={(value) => onChange(value === 'all' ? [ALL] : [])} options={[{ value: 'all', label: 'All' }, { value: 'some', label: 'Chosen ones' }]} />
      {!every && <div class="picker" role="group" aria-labelledby="aims">{all.map((each) => <Checkbox key={each.name} label={each.name} help={`on ${each.instance}`} checked={chosen.includes(each.name)} onChange={(on) => toggle(each.name, on)} />)}</div>}
      <p class="help">{every ? 'Databases that are added later are included.' : chosen.length === 0 ? 'Choose at least one.' : `${chosen.length} chosen.`} {note}</p>
    </div>
  );
}
