import type { ComponentChildren } from 'preact';
import { me } from '../api/client';
import { outage, suspect } from '../api/outage';
import { now } from '../clock';
import { zone } from '../prefs';
import { age, hourMinute } from '../text/format';
import { Button } from '../ui/bits';
import { Notes } from '../ui/dialog';
import { Logo } from '../ui/icons';
import { Skeleton } from '../ui/panel';
import { Mark } from '../ui/state';
import { KeysDialog } from './keyboard';
import { BottomBar, Rail } from './rail';
import { Search } from './search';
import { TopBar } from './topbar';

const AWAY = {
  server: ['The Nightshift server has not answered since', 'The Nightshift server does not answer.', 'as soon as it answers'],
  network: ['This device has had no network since', 'This device has no network.', 'as soon as it has one'],
  repository: ['The repository database has been away since', 'The repository database is away.', 'as soon as it is back'],
} as const;

/** One calm line for what concerns every page: what is away, since when, and that nothing is needed. */
export function Banner() {
  const away = outage.value;
  if (!away) return <div><div role="status" /></div>;
  const [since, now, until] = AWAY[away.what];
  // A page that was opened in the middle of it knows nothing yet, not even since when.
  const knows = Boolean(me.value);
  return (
    <div class="banner">
      <div role="status"><p><Mark shape="triangle" tone="warn" />
        <span><b>{knows ? `${since} ${hourMinute(away.since, zone())}.` : now}</b> {knows ? 'This page shows what was last known and goes on' : 'The console goes on'} by itself {until}.</span></p></div>
      <p class="banner-more">{knows && <Ago since={away.since} />}<Button kind="quiet" icon="refresh" onClick={() => void suspect()}>Ask now</Button></p>
    </div>
  );
}

/** By itself, so that the line beside it is not drawn, and read out, every second. */
function Ago({ since }: { since: number }) {
  return <span class="tabular">{age(Math.max(0, now.value - since))}</span>;
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
