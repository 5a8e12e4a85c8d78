import { effect, signal } from '@preact/signals';

/** What a person chose for this browser. Storage may be refused; then it lasts as long as the page. */
function stored(name: string): string | null {
  try {
    return localStorage.getItem(`nightshift.${name}`);
  } catch {
    return null;
  }
}

function store(name: string, value: string) {
  try {
    localStorage.setItem(`nightshift.${name}`, value);
  } catch {
    // Private windows may refuse; the choice then ends with the page.
  }
}

export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>(themes.find((each) => each === stored('theme')) ?? 'system');
export const utc = signal(stored('utc') === 'true');
export const lastProject = signal(stored('project'));

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  store('theme', theme.value);
});
effect(() => store('utc', String(utc.value)));
effect(() => { if (lastProject.value) store('project', lastProject.value); });

/** The zone that times are shown in: the reader's, or UTC on request. */
export function zone(): string | undefined {
  return utc.value ? 'UTC' : undefined;
}

export function nextTheme() {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
}
