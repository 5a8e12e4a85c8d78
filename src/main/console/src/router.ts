import { computed, signal } from '@preact/signals';
import { parse } from './routes';

/** Where the browser is: the one source that pages are chosen from. */
export const location = signal({ path: window.location.pathname, search: window.location.search });
export const route = computed(() => parse(location.value.path));
export const query = computed(() => new URLSearchParams(location.value.search));

function read() {
  location.value = { path: window.location.pathname, search: window.location.search };
}

window.addEventListener('popstate', read);

export function go(to: string, options: { replace?: boolean } = {}) {
  const samePage = to.split('?')[0] === window.location.pathname;
  if (options.replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  read();
  if (!samePage) {
    window.scrollTo(0, 0);
    // On a phone the part above the bar scrolls, not the window.
    document.querySelector('.stage')?.scrollTo(0, 0);
    // A new page is announced and reached from the keyboard at its heading, or at the field that wants to be first.
    requestAnimationFrame(() => (document.querySelector<HTMLElement>('[autofocus]') ?? document.querySelector('h1'))?.focus({ preventScroll: true }));
  }
}

/** Sets or clears parameters of the address without adding to the history. */
export function setQuery(changes: Record<string, string | null | undefined>) {
  const next = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  go(window.location.pathname + (text ? `?${text}` : ''), { replace: true });
}

/** Links are plain <a href>: a click without modifiers on one of ours stays in the page. */
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (link.hash && link.pathname === window.location.pathname) return;
  if (parse(link.pathname).page === 'missing') return;
  event.preventDefault();
  go(link.pathname + link.search);
});
