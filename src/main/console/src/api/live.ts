import { signal } from '@preact/signals';
import { onHealed, outage, suspect } from './outage';
import type { Change } from './types';

export type LiveState = 'connecting' | 'live' | 'reconnecting';
export const live = signal<LiveState>('connecting');

type Listener = (change: Change | null, asked: boolean) => void;
const listeners = new Set<Listener>();

/** While the feed is away, everything shown is asked for again this often. */
const POLL_MILLIS = 5000;
const FIRST_WAIT_MILLIS = 500;
const LONGEST_WAIT_MILLIS = 15_000;

let socket: WebSocket | null = null;
let followed: string | null = null;
let wait = FIRST_WAIT_MILLIS;
let retry: number | undefined;
let poll: number | undefined;
let refused: () => void = () => {};

/** Hears every change; null means "something may have changed": polling, back after a gap, or asked for by the reader. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(change: Change | null, asked = false) {
  for (const listener of listeners) listener(change, asked);
}

/** Everything that is shown is fetched again. */
export function refreshAll() {
  tell(null, true);
}

/** What to do when the server says that the login or the role is gone. */
export function onRefused(action: () => void) {
  refused = action;
}

/** Follows one project's changes, or none. */
export function follow(project: string | null) {
  if (project === followed) return;
  followed = project;
  close();
  wait = FIRST_WAIT_MILLIS;
  live.value = 'connecting';
  if (project) connect(project);
}

onHealed(() => {
  if (followed && !socket) {
    window.clearTimeout(retry);
    wait = FIRST_WAIT_MILLIS;
    connect(followed);
  }
  refreshAll();
});

function close() {
  window.clearTimeout(retry);
  window.clearInterval(poll);
  poll = undefined;
  const old = socket;
  socket = null;
  old?.close();
}

function connect(project: string) {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  const mine = new WebSocket(`${scheme}://${window.location.host}/live?project=${encodeURIComponent(project)}`);
  socket = mine;
  mine.onmessage = (event) => {
    if (socket !== mine) return;
    const change = read(event.data);
    if (!change) return;
    if (change.kind === 'away') return void suspect();
    if (change.kind !== 'hello') return tell(change);
    // Said again on an open socket: the server may have missed changes itself, and hears its database again.
    if (outage.value) void suspect();
    const gap = live.value !== 'connecting';
    live.value = 'live';
    wait = FIRST_WAIT_MILLIS;
    window.clearInterval(poll);
    poll = undefined;
    if (gap) tell(null);
  };
  mine.onclose = (event) => {
    if (socket !== mine) return;
    socket = null;
    live.value = 'reconnecting';
    // The login or the role is gone. Which of the two, only the server knows.
    if (event.code === 4401) refused();
    else void suspect();
    poll ??= window.setInterval(() => { if (!document.hidden && !outage.value) tell(null); }, POLL_MILLIS);
    retry = window.setTimeout(() => { if (!socket) connect(project); }, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MILLIS);
  };
}

function read(data: unknown): Change | null {
  try {
    return JSON.parse(String(data)) as Change;
  } catch {
    return null;
  }
}
