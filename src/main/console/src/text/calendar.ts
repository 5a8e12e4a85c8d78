/** What the calendar shows of a week: days in the reader's zone, and what comes often as one line. Pure. */

export interface Entry {
  at: string;
  /** What belongs together: the schedule's name, or the job's where a person started it. */
  of: string;
  job: string;
  /** What is to come has none. */
  status: string | null;
  run: string | null;
  reason: string | null;
}

export interface Line {
  first: Entry;
  entries: Entry[];
}

/** More of one thing in one day are one line. */
const APART = 3;

/** The days from one instant on: midnights on the wall of the zone, as 2026-11-28. */
export function dayOf(at: string | number | Date, zone?: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(at));
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The Monday of the week of a day. */
export function weekOf(day: string): string {
  return plusDays(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7));
}

/** When a day begins in the zone: the clock may change on it, so the offset is looked for, not reckoned. */
export function beginOf(day: string, zone?: string): Date {
  const noon = Date.parse(`${day}T00:00:00Z`);
  for (let minutes = -14 * 60; minutes <= 14 * 60; minutes += 15) {
    const at = noon + minutes * 60_000;
    if (dayOf(at, zone) === day) return new Date(at);
  }
  return new Date(noon);
}

/** The lines of a day, by the time of their first entry. */
export function linesOf(entries: Entry[]): Line[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) groups.set(entry.of, [...(groups.get(entry.of) ?? []), entry]);
  const lines: Line[] = [];
  for (const group of groups.values()) {
    group.sort((one, other) => one.at.localeCompare(other.at));
    if (group.length > APART) lines.push({ first: group[0]!, entries: group });
    else for (const entry of group) lines.push({ first: entry, entries: [entry] });
  }
  return lines.sort((one, other) => one.first.at.localeCompare(other.first.at));
}

/** Whether a stretch has a part in a day. */
export function touches(day: string, from: string, to: string | null, zone?: string): boolean {
  const begin = beginOf(day, zone).getTime();
  const end = beginOf(plusDays(day, 1), zone).getTime();
  return Date.parse(from) < end && (to === null || Date.parse(to) > begin);
}

/** Whether a stretch is named on a day: where it begins, or where the week does that it reaches into. */
export function standsIn(day: string, first: string, from: string, to: string, zone?: string): boolean {
  const began = dayOf(from, zone);
  return began === day || (day === first && began < first && touches(day, from, to, zone));
}
