import { computed, effect } from '@preact/signals';
import { api, me, post } from '../api/client';
import { follow } from '../api/live';
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

export async function login(name: string, password: string) {
  me.value = await api<Me>('/login', { method: 'POST', body: { name, password } });
}

export async function logout() {
  await post('/logout').catch(() => undefined);
  me.value = null;
  go('/login', { replace: true });
}

export async function refreshMe() {
  try {
    me.value = await api<Me>('/me');
  } catch {
    // 401 has set it to null; an absent server or repository is asked again, the banner says so.
    if (me.value === undefined) window.setTimeout(refreshMe, 2000);
  }
}

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
