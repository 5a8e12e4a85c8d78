import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { me, underWay } from '../api/client';
import { live, refreshAll } from '../api/live';
import { outage } from '../api/outage';
import { nextTheme, theme, utc } from '../prefs';
import { address } from '../routes';
import { query, route, setQuery } from '../router';
import { shortId } from '../text/format';
import { Icon } from '../ui/icons';
import { Mark } from '../ui/state';
import { searching, showingKeys } from './keyboard';
import { PLACES } from './places';
import { RANGES } from './range';
import { logout, project } from './session';

const THEME_WORDS = { system: 'as the system', light: 'light', dark: 'dark' };

function Crumbs() {
  const at = route.value;
  const info = PLACES.find((each) => each.place === at.page);
  const name = project.value!;
  const inside = 'id' in at || 'action' in at ? ('action' in at && at.action === 'new' ? 'Add' : at.page === 'runs' || at.page === 'backups' ? shortId(at.id!) : at.id) : undefined;
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        <li class="project"><a href={address(name.name, 'tonight')}>{name.displayName || name.name}</a></li>
        {info && <li>{inside ? <a href={address(name.name, info.place)}>{info.title}</a> : <span aria-current="page">{info.title}</span>}</li>}
        {inside && <li class="deep"><span aria-current="page">{inside}</span></li>}
        {at.page === 'me' && <li><span aria-current="page">Profile</span></li>}
      </ol>
    </nav>
  );
}

function LiveMark() {
  const looks = {
    live: { shape: 'dot', tone: 'good', word: 'Live' },
    connecting: { shape: 'half', tone: 'idle', word: 'Connecting…' },
    reconnecting: { shape: 'half', tone: 'warn', word: 'Reconnecting…' },
  } as const;
  const look = outage.value ? { shape: 'triangle', tone: 'warn', word: 'Last known' } as const : looks[live.value];
  return <span class="live" role="status"><Mark shape={look.shape} tone={look.tone} /><span>{look.word}</span></span>;
}

/** A small menu under a button: closes on Escape, on a click elsewhere, and when the focus leaves. */
function Menu({ label, button, children }: { label: string; button: ComponentChildren; children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => { if (!box.current?.contains(event.target as Node)) setOpen(false); };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  return (
    <div class="menu" ref={box}
      onKeyDown={(event) => { if (event.key === 'Escape' && open) { setOpen(false); box.current?.querySelector('button')?.focus(); } }}
      onFocusOut={(event) => { if (event.relatedTarget && !box.current?.contains(event.relatedTarget as Node)) setOpen(false); }}>
      <button type="button" class="icon-button me" aria-expanded={open} aria-label={label} onClick={() => setOpen(!open)}>{button}</button>
      {open && <div class="menu-list" onClick={(event) => { if ((event.target as Element).closest('a')) setOpen(false); }}>{children}</div>}
    </div>
  );
}

export function TopBar() {
  const person = me.value!;
  const at = route.value;
  return (
    <header class="topbar">
      <Crumbs />
      {at.page === 'runs' && !('id' in at && at.id) && (
        <label class="range"><span class="sr">Time range</span>
          <select value={RANGES[query.value.get('from') ?? ''] ? query.value.get('from')! : ''} onChange={(event) => setQuery({ from: event.currentTarget.value, to: null })}>
            <option value="">Any time</option>
            {Object.entries(RANGES).map(([value, { label }]) => <option key={value} value={value} selected={value === query.value.get('from')}>{label}</option>)}
          </select>
        </label>
      )}
      <LiveMark />
      <button type="button" class={`icon-button refresh ${underWay.value > 0 ? 'is-busy' : ''}`} aria-label="Refresh" title="Refresh" onClick={refreshAll}><Icon name="refresh" /></button>
      <button type="button" class="search-button" onClick={() => { searching.value = true; }} aria-label="Search" aria-keyshortcuts="/">
        <Icon name="search" size={16} /><span>Search</span><kbd>/</kbd>
      </button>
      <button type="button" class="icon-button theme-button" aria-label={`Theme: ${THEME_WORDS[theme.value]}`} title={`Theme: ${THEME_WORDS[theme.value]}`} onClick={nextTheme}><Icon name={theme.value} /></button>
      <Menu label={`Account of ${person.name}`} button={<span class="avatar" data-initials={person.name.slice(0, 2)} />}>
        <p class="menu-head"><strong>{person.name}</strong><small>{person.installationAdmin ? 'Administers the installation' : `${project.value!.role.toLowerCase()} in ${project.value!.displayName}`}</small></p>
        <a href={address(project.value!.name, 'me')}>Profile and password</a>
        <button type="button" aria-pressed={utc.value} onClick={() => { utc.value = !utc.value; }}>Times in UTC<small>{utc.value ? 'on' : 'off'}</small></button>
        <button type="button" onClick={nextTheme}>Theme<small>{THEME_WORDS[theme.value]}</small></button>
        <button type="button" onClick={() => { showingKeys.value = true; }}>Keyboard<kbd>?</kbd></button>
        <button type="button" onClick={() => void logout()}>Log out</button>
      </Menu>
    </header>
  );
}
