import { signal } from '@preact/signals';
import { me } from '../api/client';
import { address } from '../routes';
import { go } from '../router';
import { Dialog } from '../ui/dialog';
import { placesToGo } from './places';
import { project } from './session';

export const searching = signal(false);
export const showingKeys = signal(false);

/** After g the next letter within this time names a place. */
const CHORD_MILLIS = 1500;
let chordUntil = 0;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Moves the focus along the rows of the page. */
function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next]!.focus();
  rows[next]!.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') document.documentElement.classList.add('no-tips');
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const name = project.value?.name;
  if (!me.value || !name || document.querySelector('dialog[open]')) return;
  if (performance.now() < chordUntil) {
    chordUntil = 0;
    const place = placesToGo().find((each) => each.letter === event.key);
    if (place) {
      event.preventDefault();
      go(address(name, place.place));
    }
    return;
  }
  if (event.key === 'g') chordUntil = performance.now() + CHORD_MILLIS;
  else if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
  else if (event.key === '?') showingKeys.value = true;
  else if (event.key === '/') {
    event.preventDefault();
    searching.value = true;
  }
});

/** A tip that Escape has sent away comes back with the next move. */
for (const kind of ['pointermove', 'focusin']) {
  document.addEventListener(kind, () => document.documentElement.classList.remove('no-tips'), { passive: true });
}

export function KeysDialog() {
  if (!showingKeys.value) return null;
  const rows: [string[], string][] = [
    [['/'], 'Search'], [['j'], 'Next row'], [['k'], 'Row before'], [['Enter'], 'Open the row'], [['Esc'], 'Close'], [['?'], 'These keys'],
  ];
  return (
    <Dialog title="Keyboard" onClose={() => { showingKeys.value = false; }}>
      <div class="keys">
        <dl>{rows.map(([keys, what]) => <div key={what}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
        <dl>{placesToGo().map((place) => <div key={place.place}><dt><kbd>g</kbd><kbd>{place.letter}</kbd></dt><dd>{place.title}</dd></div>)}</dl>
      </div>
    </Dialog>
  );
}
