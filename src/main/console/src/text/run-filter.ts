import { RANGES, sinceOf } from '../frame/range';

/** The filters of the list of runs, as they stand in the address; from is a range back from now, or a day. */
export const FILTERS = ['job', 'status', 'database', 'trigger', 'schedule', 'from', 'to'] as const;

export type RunFilter = Partial<Record<typeof FILTERS[number], string>>;

export function filterOf(query: URLSearchParams): RunFilter {
  const filter: RunFilter = {};
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  return filter;
}

export function isDay(text: string | null | undefined): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? '');
}

/** The same as the server is asked: days are the reader's, and the last one is within. */
export function asked(filter: RunFilter): Record<string, string | null | undefined> {
  return { ...filter, from: isDay(filter.from) ? midnight(filter.from!, 0) : sinceOf(filter.from ?? null), to: isDay(filter.to) ? midnight(filter.to!, 1) : null };
}

function midnight(day: string, later: number): string | null {
  const [year, month, date] = day.split('-').map(Number);
  const at = new Date(year!, month! - 1, date! + later);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** In words, for whoever is about to do something to all of them. */
export function inWords(filter: RunFilter, titles: { job: (name: string) => string; status: (name: string) => string; trigger: (name: string) => string }): string[] {
  const said = [
    filter.job && `job ${titles.job(filter.job)}`,
    filter.status && `state ${titles.status(filter.status)}`,
    filter.database && `database ${filter.database}`,
    filter.trigger && `started ${titles.trigger(filter.trigger)}`,
    filter.schedule && `schedule ${filter.schedule}`,
    filter.from && (RANGES[filter.from] ? RANGES[filter.from]!.label.toLowerCase() : isDay(filter.from) && `from ${filter.from}`),
    isDay(filter.to) && `to ${filter.to}`,
  ];
  return said.filter((each): each is string => Boolean(each));
}
