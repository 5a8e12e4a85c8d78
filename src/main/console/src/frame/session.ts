import { computed, effect, signal } from '@preact/signals';
import { api, me, post } from '../api/client';
import { follow, onRefused } from '../api/live';
import { onHealed } from '../api/outage';
import type { Me, Role } from '../api/types';
import { lastProject } from '../prefs';
import { address, safeReturn } from '../routes';
import { go, location, query, route } from '../router';

const ROLES: readonly Role[] = ['VIEWER', 'OPERATOR', 'ADMIN'];

/** The project of the address, as far as the person may see it. */
export const project = computed(() => {
  const at = route.value;
  const name = 'project' in at ? at.project : undefined;
  return me.value?.projects.find((each) => each.name === name);
});

export function can(role: Role): boolean {
  if (me.value?.installationAdmin) return true;
  const mine = project.value?.role;
  return mine !== undefined && ROLES.indexOf(mine) >= ROLES.indexOf(role);
}

/** The login was taken away or ran out while the page was open: the login page says so. */
export const ended = signal(false);

export async function login(name: string, password: string) {
  me.value = await api<Me>('/login', { method: 'POST', body: { name, password } });
  ended.value = false;
}

export async function logout() {
  await post('/logout').catch(() => undefined);
  me.value = null;
  ended.value = false;
  go('/login', { replace: true });
}

export async function refreshMe() {
  const before = me.peek();
  try {
    const found = await api<Me>('/me');
    // The same answer is no change: nothing is drawn again for it.
    if (JSON.stringify(found) !== JSON.stringify(before)) me.value = found;
  } catch {
    // 401 has set it to null; an absent server or repository is asked again, the banner says so.
    if (me.peek() === undefined) window.setTimeout(refreshMe, 2000);
  }
}

onRefused(() => void refreshMe());
onHealed(() => { if (me.peek() === undefined) void refreshMe(); });

/** Another window may have logged in or out meanwhile; whoever looks at this one again is at work. */
const LOOK_AGAIN_MILLIS = 60_000;
let looked = Date.now();
document.addEventListener('visibilitychange', () => {
  if (document.hidden || me.peek() === undefined || (me.peek() && Date.now() - looked < LOOK_AGAIN_MILLIS)) return;
  looked = Date.now();
  void refreshMe();
});

let known = false;
effect(() => {
  if (known && me.value === null) ended.value = true;
  known = Boolean(me.value);
});

/** Without a login everything leads to the login page, which leads back to where one was. */
effect(() => {
  const { path, search } = location.value;
  const at = route.value;
  if (me.value === null && at.page !== 'login') {
    go(path === '/' ? '/login' : `/login?from=${encodeURIComponent(path + search)}`, { replace: true });
  }
  if (me.value && at.page === 'login') go(safeReturn(query.value.get('from')), { replace: true });
  if (me.value && at.page === 'home') {
    const names = me.value.projects.map((each) => each.name);
    const first = names.find((name) => name === lastProject.peek()) ?? names[0];
    go(first ? address(first, 'tonight') : '/projects', { replace: true });
  }
});

effect(() => {
  const name = project.value?.name ?? null;
  if (name) lastProject.value = name;
  follow(me.value && name ? name : null);
});
