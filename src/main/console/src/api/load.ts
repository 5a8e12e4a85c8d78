import { useEffect, useRef, useState } from 'preact/hooks';
import { again } from './again';
import { api, asProblem, passes } from './client';
import { onChange } from './live';
import { outage } from './outage';
import { MOST_ROWS, readPages } from './pages';
import type { Change, Page, Problem } from './types';

export interface Loaded<T> {
  data: T | undefined;
  problem: Problem | undefined;
  /** True while a request runs; data of before stays. */
  busy: boolean;
  reload: () => void;
  /** Shows what another answer told already. */
  put: (data: T) => void;
}

export type Concerns = (change: Change) => boolean;

const SETTLE_MILLIS = 250;
const RETRY_MILLIS = [2000, 5000, 10_000, 30_000];

/** The kinds of change that concern a page. */
export function kinds(...names: Change['kind'][]): Concerns {
  return (change) => names.includes(change.kind);
}

/**
 * Loads a path and keeps it fresh: again on every change that concerns it (settled for a quarter of
 * a second), and by itself after failures that may pass. A null path loads nothing.
 */
export function useLoad<T>(path: string | null, concerns?: Concerns, fetcher: (path: string, signal: AbortSignal) => Promise<T> = plain): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; problem?: Problem; busy: boolean }>({ path, busy: path !== null });
  const reload = useRef<() => void>(() => {});
  const hears = useRef(concerns);
  hears.current = concerns;
  const fetches = useRef(fetcher);
  fetches.current = fetcher;

  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let retry: number | undefined;
    let failures = 0;
    setState((before) => (before.path === path ? { ...before, busy: true } : { path, busy: true }));

    // What may pass is tried again less and less often; during an outage its end is waited for instead.
    const later = () => {
      retry = window.setTimeout(() => (outage.peek() ? later() : void loads.now()), RETRY_MILLIS[Math.min(failures++, RETRY_MILLIS.length - 1)]);
    };
    const loads = again(async () => {
      window.clearTimeout(retry);
      try {
        const data = await fetches.current(path, stop.signal);
        if (stop.signal.aborted) return;
        failures = 0;
        setState({ path, data, busy: false });
      } catch (failure) {
        if (stop.signal.aborted) return;
        const problem = asProblem(failure);
        setState((before) => ({ path, data: before.path === path ? before.data : undefined, problem, busy: false }));
        if (passes(problem)) later();
      }
    }, SETTLE_MILLIS);
    reload.current = () => {
      setState((before) => ({ ...before, busy: true }));
      void loads.now();
    };
    void loads.now();
    const leave = onChange((change, asked) => {
      if (asked || (hears.current && (change === null || hears.current(change)))) loads.soon();
    });
    return () => {
      stop.abort();
      loads.end();
      window.clearTimeout(retry);
      leave();
    };
  }, [path]);

  const fits = state.path === path;
  return { data: fits ? state.data : undefined, problem: fits ? state.problem : undefined, busy: fits ? state.busy : true, reload: () => reload.current(), put: (data) => setState({ path, data, busy: false }) };
}

function plain<T>(path: string, signal: AbortSignal): Promise<T> {
  return api<T>(path, { signal });
}

/** A list that a server may send bare or as a page. */
export function itemsOf<T>(answer: T[] | Page<T>): T[] {
  return Array.isArray(answer) ? answer : (answer.items ?? []);
}

/** As many rows as the path asks for, in one answer. */
export function useList<T>(path: string | null, concerns?: Concerns): Loaded<T[]> {
  return useLoad<T[]>(path, concerns, async (each, signal) => itemsOf(await api<T[] | Page<T>>(each, { signal })));
}

/** A list from its first row to its last, however many pages that takes; see MOST_ROWS. */
export function useAll<T>(path: string | null, concerns?: Concerns): Loaded<T[]> {
  return useLoad<T[]>(path, concerns, async (each, signal) => (await readPages(reader<T>(each, signal), MOST_ROWS)).items);
}

function reader<T>(path: string, signal: AbortSignal): (limit: number, after: string | null) => Promise<Page<T>> {
  return (limit, after) => api<Page<T>>(withParameters(path, { limit, after }), { signal });
}

export interface Pages<T> extends Loaded<T[]> {
  more: (() => void) | undefined;
  loadingMore: boolean;
}

const PAGE = 50;

/** A list read page by page by key; a change reads again as many rows as are shown. */
export function usePages<T>(path: string, concerns?: Concerns): Pages<T> {
  const wanted = useRef({ path, rows: PAGE });
  if (wanted.current.path !== path) wanted.current = { path, rows: PAGE };
  const [loadingMore, setLoadingMore] = useState(false);
  const next = useRef<string | null>(null);
  const loaded = useLoad<T[]>(path, concerns, async (each, signal) => {
    const read = await readPages(reader<T>(each, signal), wanted.current.rows);
    next.current = read.next;
    setLoadingMore(false);
    return read.items;
  });
  const more = () => {
    wanted.current.rows = (loaded.data?.length ?? 0) + PAGE;
    setLoadingMore(true);
    loaded.reload();
  };
  return { ...loaded, more: loaded.data && next.current ? more : undefined, loadingMore: loadingMore && loaded.busy };
}

function withParameters(path: string, parameters: Record<string, string | number | null>): string {
  const search = new URLSearchParams(path.split('?')[1]);
  for (const [name, value] of Object.entries(parameters)) if (value !== null) search.set(name, String(value));
  return `${path.split('?')[0]}?${search}`;
}
