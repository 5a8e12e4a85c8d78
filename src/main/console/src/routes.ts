/** Every address of the console, in one table. Parsing and making addresses are pure. */

export type Place =
  | 'tonight' | 'databases' | 'runs' | 'schedules' | 'backups' | 'policies' | 'findings'
  | 'nodes' | 'stores' | 'backup-keys' | 'deletions' | 'people' | 'audit' | 'retention' | 'me';

export type Route =
  | { page: 'login' }
  | { page: 'projects' }
  | { page: 'home' }
  | { page: 'missing'; project?: string }
  | { page: Place; project: string; id?: string; action?: 'new' | 'edit' };

const PLACES: readonly Place[] = ['tonight', 'databases', 'runs', 'schedules', 'backups', 'policies', 'findings', 'nodes', 'stores', 'backup-keys', 'deletions', 'people', 'audit', 'retention', 'me'];
const WITH_DETAIL: readonly Place[] = ['databases', 'runs', 'backups', 'policies'];
const WITH_FORM: readonly Place[] = ['databases', 'schedules'];

export function parse(path: string): Route {
  const [first, project, place, id, action, ...rest] = parts(path);
  if (first === undefined) return { page: 'home' };
  if (first === 'login' && project === undefined) return { page: 'login' };
  if (first === 'projects' && project === undefined) return { page: 'projects' };
  if (first !== 'p' || project === undefined) return { page: 'missing' };
  if (place === undefined) return { page: 'tonight', project };
  const page = PLACES.find((each) => each === place);
  if (!page || rest.length > 0) return { page: 'missing', project };
  if (id === undefined) return { page, project };
  if (id === '-' && action === 'new' && WITH_FORM.includes(page)) return { page, project, action: 'new' };
  if (action === 'edit' && page === 'schedules') return { page, project, id, action };
  if (action === undefined && WITH_DETAIL.includes(page)) return { page, project, id };
  return { page: 'missing', project };
}

function parts(path: string): string[] {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return ['', 'broken escape'];
  }
}

/** "-" can be no one's name, so that a database called "new" keeps its page. */
export function address(project: string, place: Place, id?: string, action?: 'new' | 'edit'): string {
  const parts = ['p', project, place, ...(action === 'new' ? ['-', 'new'] : id === undefined ? [] : [id, ...(action ? [action] : [])])];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** An address within this site to go back to after login; anything else could lead astray. */
export function safeReturn(from: string | null): string {
  return from && /^\/(?![/\\])/.test(from) && !from.startsWith('/login') ? from : '/';
}
