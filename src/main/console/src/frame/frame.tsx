import type { ComponentChildren } from 'preact';
import { repositoryAway, serverAway } from '../api/client';
import { Notes } from '../ui/dialog';
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
