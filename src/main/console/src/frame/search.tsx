import { useEffect, useRef, useState } from 'preact/hooks';
import { inProject } from '../api/client';
import { useAll, useList } from '../api/load';
import type { Backup } from '../api/backups';
import type { Database, RunItem } from '../api/types';
import { now } from '../clock';
import { address } from '../routes';
import { go } from '../router';
import { relative, words } from '../text/format';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icons';
import type { IconName } from '../ui/icons';
import { RUN, lookOf } from '../ui/state';
import { aims } from '../pages/run-table';
import { searching } from './keyboard';
import { placesToGo } from './places';
import { project } from './session';

interface Hit {
  href: string;
  icon: IconName;
  title: string;
  more: string;
  key: string;
}

const MOST = 12;

function Results() {
  const name = project.value!.name;
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const databases = useAll<Database>(inProject(name, ['databases']));
  const runs = useList<RunItem>(inProject(name, ['runs'], { limit: 50 }));
  const backups = useList<Backup>(inProject(name, ['backups'], { limit: 50 }));
  const close = () => { searching.value = false; };

  const all: Hit[] = [
    ...placesToGo().map((each): Hit => ({ href: address(name, each.place), icon: each.icon, title: each.title, more: `g ${each.letter}`, key: '' })),
    ...(databases.data ?? []).map((each): Hit => ({ href: address(name, 'databases', each.name), icon: 'databases', title: each.name, more: `database on ${each.instance}`, key: `${each.dbname} ${each.tags.join(' ')}` })),
    ...(runs.data ?? []).map((each): Hit => ({
      href: address(name, 'runs', each.id), icon: 'runs', title: `${words(each.job)} · ${lookOf(RUN, each.status).word}`, more: `${aims(each)} · ${relative(each.createdAt, now.value)}`,
      key: `${each.id} ${each.reason ?? ''}`,
    })),
    ...(backups.data ?? []).map((each): Hit => ({ href: address(name, 'backups', each.id), icon: 'backups', title: `Backup of ${each.instance}`, more: relative(each.takenAt, now.value), key: each.id })),
  ];
  const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = all.filter((hit) => asked.every((word) => `${hit.title} ${hit.more} ${hit.key}`.toLowerCase().includes(word))).slice(0, MOST);
  const chosen = Math.min(at, Math.max(0, hits.length - 1));

  useEffect(() => { list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }); }, [chosen]);

  return (
    <form class="search" onSubmit={(event) => { event.preventDefault(); const hit = hits[chosen]; if (hit) { close(); go(hit.href); } }}>
      <div class="search-box">
        <Icon name="search" />
        <input type="text" autoFocus value={text} placeholder="Databases, runs, backups, places" aria-label="Search" role="combobox" aria-expanded="true" aria-controls="search-hits" aria-activedescendant={hits.length > 0 ? `hit-${chosen}` : undefined} autoComplete="off" spellcheck={false}
          onInput={(event) => { setText(event.currentTarget.value); setAt(0); }}
          onKeyDown={(event) => {
            const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
            if (by === 0) return;
            event.preventDefault();
            setAt((chosen + by + hits.length) % Math.max(1, hits.length));
          }} />
      </div>
      <ul id="search-hits" role="listbox" aria-label="Results" ref={list}>
        {hits.map((hit, index) => (
          <li key={hit.href} id={`hit-${index}`} role="option" aria-selected={index === chosen} onClick={() => { close(); go(hit.href); }}>
            <Icon name={hit.icon} /><span>{hit.title}</span><small>{hit.more}</small>
          </li>
        ))}
      </ul>
      {hits.length === 0 && <p class="muted search-none">Nothing here is called that. The last 50 runs and backups are searched; older ones are in their lists.</p>}
    </form>
  );
}

export function Search() {
  if (!searching.value) return null;
  return <Dialog title="Search" className="search-dialog" light onClose={() => { searching.value = false; }}><Results /></Dialog>;
}
