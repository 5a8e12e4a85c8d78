import { me } from '../api/client';
import type { IconName } from '../ui/icons';
import type { Place } from '../routes';
import { can } from './session';

export interface PlaceInfo {
  place: Place;
  title: string;
  icon: IconName;
  /** Pressed after g. */
  letter: string;
  group: 'work' | 'house';
  /** Only for who administers the project, or the installation. */
  admins?: 'project' | 'installation';
}

export const PLACES: PlaceInfo[] = [
  { place: 'tonight', title: 'Tonight', icon: 'tonight', letter: 't', group: 'work' },
  { place: 'databases', title: 'Databases', icon: 'databases', letter: 'd', group: 'work' },
  { place: 'runs', title: 'Runs', icon: 'runs', letter: 'r', group: 'work' },
  { place: 'schedules', title: 'Schedules', icon: 'schedules', letter: 's', group: 'work' },
  { place: 'backups', title: 'Backups', icon: 'backups', letter: 'b', group: 'work' },
  { place: 'policies', title: 'Policies', icon: 'check', letter: 'l', group: 'work' },
  { place: 'findings', title: 'Findings', icon: 'findings', letter: 'f', group: 'work' },
  { place: 'nodes', title: 'Nodes', icon: 'nodes', letter: 'n', group: 'house', admins: 'installation' },
  { place: 'stores', title: 'Stores', icon: 'stores', letter: 'o', group: 'house', admins: 'installation' },
  { place: 'backup-keys', title: 'Backup keys', icon: 'key', letter: 'y', group: 'house' },
  { place: 'deletions', title: 'Deletions', icon: 'close', letter: 'x', group: 'house' },
  { place: 'people', title: 'People and keys', icon: 'people', letter: 'p', group: 'house' },
  { place: 'audit', title: 'Audit', icon: 'audit', letter: 'a', group: 'house', admins: 'project' },
  { place: 'retention', title: 'Retention', icon: 'retention', letter: 'k', group: 'house' },
];

/** Those that whoever is logged in may open. */
export function placesToGo(): PlaceInfo[] {
  return PLACES.filter(({ admins }) => !admins || (admins === 'project' ? can('ADMIN') : me.value?.installationAdmin));
}

/** On a phone the bar holds these four and "More". */
export const ON_THE_BAR: Place[] = ['tonight', 'databases', 'runs', 'backups'];
