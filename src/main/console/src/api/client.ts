import { signal } from '@preact/signals';
import { outage, suspect } from './outage';
import type { Me, Problem } from './types';

/** Whoever is logged in; undefined until it is known, null when nobody is. */
export const me = signal<Me | null | undefined>(undefined);
/** Requests under way. */
export const underWay = signal(0);

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  /** The answer as it stands, to the byte. */
  text?: boolean;
}

/** Asks the API; every failure becomes an ApiError with words that can be shown. */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  underWay.value++;
  try {
    response = await fetch(`/api${path}`, {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
  } catch (failure) {
    if (options.signal?.aborted) throw failure;
    void suspect();
    throw new ApiError({
      title: 'No answer', status: 0, detail: 'The Nightshift server did not answer.',
      remedy: 'Check that it runs and that this machine reaches it; the page asks again by itself.',
    });
  } finally {
    underWay.value--;
  }
  // A server that is asked about may be away itself; whether it is Nightshift's own database, its health tells.
  if (response.status === 503 || (response.ok && outage.peek())) void suspect();
  if (response.ok) return (response.status === 204 ? undefined : options.text ? await response.text() : await json(response)) as T;
  const problem = await problemOf(response, path);
  if (response.status === 401 && path !== '/login') me.value = null;
  throw new ApiError(problem);
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError({
      title: 'Unreadable answer', status: response.status,
      detail: 'The server answered with something that is not JSON.',
      remedy: 'A proxy in between may have answered instead; reload the page.',
    });
  }
}

async function problemOf(response: Response, path: string): Promise<Problem> {
  const told = await response.json().catch(() => null) as Partial<Problem> | null;
  const retry = response.headers.get('Retry-After');
  return {
    title: told?.title ?? response.statusText,
    status: response.status,
    detail: told?.detail ?? told?.title ?? WORDS[response.status] ?? `The server answered ${response.status} without saying why.`,
    field: told?.field,
    remedy: told?.remedy ?? (response.status === 429 && retry ? `Try again in ${retry} s.` : path === '/login' ? undefined : REMEDIES[response.status]),
  };
}

const WORDS: Record<number, string> = {
  401: 'The login has ended.',
  403: 'Your role in this project does not allow this.',
  404: 'There is nothing at this address, or it belongs to a project that you cannot see.',
  409: 'It was changed or is in use.',
  429: 'Too many attempts.',
  503: 'Nightshift cannot answer this now.',
};

const REMEDIES: Record<number, string> = {
  401: 'Log in again.',
  403: 'Ask an admin of the project for the role.',
  500: 'The reason is in the server’s log. Try again; if it stays, report it with the time.',
  503: 'Nightshift retries; nothing is needed from you.',
};

/** May pass by itself: no answer, or a server that is in trouble. */
export function passes(problem: Problem): boolean {
  return problem.status === 0 || problem.status >= 500;
}

/** What to show for anything thrown. */
export function asProblem(failure: unknown): Problem {
  if (failure instanceof ApiError) return failure.problem;
  return { title: 'Failed', status: -1, detail: failure instanceof Error ? failure.message : String(failure) };
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  return api<T>(path, { method: 'POST', body: body ?? {} });
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return api<T>(path, { method: 'PUT', body });
}

/** Deletes; what asks for it wants the object's name as a confirmation. */
export function remove(path: string, name?: string): Promise<void> {
  return api<void>(name === undefined ? path : `${path}?confirm=${encodeURIComponent(name)}`, { method: 'DELETE' });
}

/** A path from its parts, each escaped, with the parameters that have a value. */
export function path(parts: string[], parameters: Record<string, string | number | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `/${parts.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

/** A path below a project. */
export function inProject(project: string, parts: string[], parameters?: Record<string, string | number | null | undefined>): string {
  return path(['projects', project, ...parts], parameters);
}
