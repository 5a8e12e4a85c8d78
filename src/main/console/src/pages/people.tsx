import { me } from '../api/client';
import { can, project } from '../frame/session';
import { query, setQuery } from '../router';
import { PageHead } from '../ui/bits';
import { Choice } from '../ui/field';
import { Keys } from './keys';
import { Members } from './members';
import { Persons } from './persons';

/** Who may: members of this project, API keys, and for who administers the installation everyone. */
export function PeoplePage() {
  const admin = me.value!.installationAdmin;
  const tabs = [{ value: 'members', label: `Members of ${project.value!.displayName}` }, { value: 'keys', label: 'API keys' }, ...(admin ? [{ value: 'people', label: 'Everyone' }] : [])];
  const tab = tabs.find((each) => each.value === query.value.get('tab'))?.value ?? 'members';
  return (
    <>
      <PageHead title="People and keys" sub={can('ADMIN') ? 'Who may see and steer this project' : 'Who may see and steer this project; admins change it'} />
      <div class="tabs"><Choice label="Part" value={tab} onChange={(value) => setQuery({ tab: value === 'members' ? null : value })} options={tabs} /></div>
      {tab === 'members' && <Members />}
      {tab === 'keys' && <Keys />}
      {tab === 'people' && <Persons />}
    </>
  );
}
