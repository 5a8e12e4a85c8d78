import { signal } from '@preact/signals';

/**
 * Why what is shown may be old: the server does not answer, this device has no network, or the server's own database is
 * away. Since is when this page noticed.
 */
export interface Outage {
  what: 'server' | 'network' | 'repository';
  since: number;
}

export const outage = signal<Outage | null>(null);

/** A sick server may take connections and never answer. */
const READY_MILLIS = 5000;
const LIVE_MILLIS = 3000;
/** While something is away it is looked at this often. */
const AWAY_MILLIS = 3000;
/** A suspicion that was not confirmed is looked into once more: the first look may have been too early. */
const DOUBT_MILLIS = 2000;
/** While all is well, too: a server that lost its power closes no connection. */
const WELL_MILLIS = 10_000;

const healed = new Set<() => void>();
let asking: Promise<void> | null = null;
let again = false;
let doubted = false;
let timer: number | undefined;

/** Called when what was away is back. */
export function onHealed(listener: () => void): () => void {
  healed.add(listener);
  return () => healed.delete(listener);
}

/** Something failed that an outage would explain; its own word is not enough to tell which. */
export function suspect(): Promise<void> {
  doubted = true;
  return check();
}

function check(): Promise<void> {
  if (asking) again = doubted;
  else {
    asking = look().finally(() => {
      asking = null;
      if (again) {
        again = false;
        void check();
      }
    });
  }
  return asking!;
}

async function look() {
  window.clearTimeout(timer);
  const doubtful = doubted;
  doubted = false;
  const found = await cause();
  const before = outage.peek();
  if (found === null) {
    outage.value = null;
    if (before) for (const listener of healed) listener();
  } else if (before?.what !== found) {
    // A server that dies while its database is away does not make what is shown any younger.
    outage.value = { what: found, since: before?.since ?? Date.now() };
  }
  timer = window.setTimeout(tick, found ? AWAY_MILLIS : doubtful ? DOUBT_MILLIS : WELL_MILLIS);
}

/** Nobody looks at a hidden page; it catches up when it is seen again. */
function tick() {
  if (!document.hidden) void check();
}

async function cause(): Promise<Outage['what'] | null> {
  if (!navigator.onLine) return 'network';
  const ready = await ask('/health/ready', READY_MILLIS);
  if (ready === null) return (await ask('/health/live', LIVE_MILLIS))?.ok ? 'repository' : 'server';
  if (ready.status === 503) return whatIsDown(await ready.json().catch(() => null));
  // A proxy in between that reaches nothing behind it.
  return ready.status === 502 || ready.status === 504 ? 'server' : null;
}

async function ask(path: string, millis: number): Promise<Response | null> {
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(millis) });
  } catch {
    return null;
  }
}

interface Health {
  checks?: { name: string; status: string; data?: { reason?: string } }[];
}

/** A node that drains takes no new runs but answers; anything else that is down is the repository or hangs on it. */
export function whatIsDown(health: Health | null): Outage['what'] | null {
  if (!health?.checks) return 'server';
  const down = health.checks.filter((each) => each.status !== 'UP');
  return down.every((each) => /drains/.test(each.data?.reason ?? '')) ? null : 'repository';
}

/** Looks now and then for as long as the page is open. */
export function watch() {
  for (const kind of ['online', 'offline', 'pageshow']) window.addEventListener(kind, () => void suspect());
  document.addEventListener('visibilitychange', tick);
  timer = window.setTimeout(tick, WELL_MILLIS);
}
