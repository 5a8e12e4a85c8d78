import type { ComponentChildren } from 'preact';
import { repositoryAway, serverAway } from '../api/client';
import { Notes } from '../ui/dialog';
import { Logo } from '../ui/icons';
import { Skeleton } from '../ui/panel';
import { Mark } from '../ui/state';
import { KeysDialog } from './keyboard';
import { BottomBar, Rail } from './rail';
import { Search } from './search';
import { TopBar } from './topbar';

/** One calm line for what concerns every page. */
export function Banner() {
  const words = serverAway.value
    ? 'The Nightshift server does not answer; this page asks again by itself. What is shown is what was known before.'
    : repositoryAway.value ? 'The repository database is away; Nightshift retries. What is shown is what was known before.' : null;
  return <div role="status">{words && <p class="banner"><Mark shape="half" tone="warn" />{words}</p>}</div>;
}

/** The frame before anything is known: the first paint needs no data. */
export function Outline() {
  return (
    <div class="shell">
      <aside class="rail"><span class="brand"><Logo /><span>Nightshift</span></span></aside>
      <div class="stage">
        <header class="topbar" />
        <Banner />
        <main id="main"><div class="page"><div class="page-head" />
          <div class="grid">{[0, 1, 2, 3].map((each) => <div key={each} class="card span-3"><Skeleton rows={3} /></div>)}</div>
          <div class="card"><Skeleton rows={6} tall /></div>
        </div></main>
      </div>
      <div class="bottom-bar" />
    </div>
  );
}

export function Frame({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <div class="shell">
        <Rail />
        <div class="stage">
          <TopBar />
          <Banner />
          <main id="main" tabIndex={-1}>{children}</main>
        </div>
        <BottomBar />
      </div>
      <Search />
      <KeysDialog />
      <Notes />
    </>
  );
}
