import { signal } from '@preact/signals';
import { me } from '../api/client';
import { address } from '../routes';
import { go, route } from '../router';
import { Dialog } from '../ui/dialog';
import { Icon, Logo } from '../ui/icons';
import { ON_THE_BAR, PLACES, placesToGo } from './places';
import type { PlaceInfo } from './places';
import { project } from './session';

const sheet = signal(false);

function PlaceLink({ info, onClick }: { info: PlaceInfo; onClick?: () => void }) {
  const current = route.value.page === info.place;
  return (
    <a href={address(project.value!.name, info.place)} aria-current={current ? 'page' : undefined} onClick={onClick} aria-keyshortcuts={`g ${info.letter}`}>
      <Icon name={info.icon} /><span>{info.title}</span>
    </a>
  );
}

function ProjectSwitch() {
  const mine = me.value!.projects;
  return (
    <label class="project-switch">
      <span class="sr">Project</span>
      <select value={project.value?.name} onChange={(event) => {
        const name = event.currentTarget.value;
        const page = route.value.page;
        const place = PLACES.find((each) => each.place === page)?.place ?? 'tonight';
        go(name === '' ? '/projects' : address(name, place));
      }}>
        {mine.map((each) => <option key={each.name} value={each.name} selected={each.name === project.value?.name}>{each.displayName || each.name}</option>)}
        {me.value!.installationAdmin && <option value="">All projects…</option>}
      </select>
    </label>
  );
}

function Groups({ onClick }: { onClick?: () => void }) {
  return (
    <>
      <ul>{placesToGo().filter((each) => each.group === 'work').map((each) => <li key={each.place}><PlaceLink info={each} onClick={onClick} /></li>)}</ul>
      <ul class="house">{placesToGo().filter((each) => each.group === 'house').map((each) => <li key={each.place}><PlaceLink info={each} onClick={onClick} /></li>)}</ul>
    </>
  );
}

export function Rail() {
  return (
    <aside class="rail">
      <a class="brand" href={address(project.value!.name, 'tonight')}><Logo /><span>Nightshift</span></a>
      <ProjectSwitch />
      <nav aria-label="Places"><Groups /></nav>
    </aside>
  );
}

/** The phone's way around: four places and a sheet for the rest. */
export function BottomBar() {
  const page = route.value.page;
  const onBar = ON_THE_BAR.some((each) => each === page);
  return (
    <>
      <nav class="bottom-bar" aria-label="Places">
        {PLACES.filter((each) => ON_THE_BAR.includes(each.place)).map((each) => <PlaceLink key={each.place} info={each} />)}
        <button type="button" class={onBar ? '' : 'current'} aria-haspopup="dialog" onClick={() => { sheet.value = true; }}><Icon name="more" /><span>More</span></button>
      </nav>
      {sheet.value && (
        <Dialog title="All places" className="sheet" onClose={() => { sheet.value = false; }}>
          <ProjectSwitch />
          <nav aria-label="All places"><Groups onClick={() => { sheet.value = false; }} /></nav>
        </Dialog>
      )}
    </>
  );
}
