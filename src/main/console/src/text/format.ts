/** Numbers and times as people read them. Unknown is said, never shown as 0. */

export const UNKNOWN = 'not measured';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Decimal units with one decimal, as the server's own messages count them. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return UNKNOWN;
  let amount = value;
  let unit = 0;
  while (Math.abs(amount) >= 999.95 && unit < BYTE_UNITS.length - 1) {
    amount /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${amount.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

export function count(value: number | null | undefined): string {
  return value == null ? UNKNOWN : value.toLocaleString('en');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 840 ms · 12.4 s · 4 min 12 s · 3 h 05 min · 2 d 4 h */
export function duration(millis: number | null | undefined): string {
  if (millis == null) return UNKNOWN;
  if (millis < 1000) return `${Math.max(0, Math.round(millis))} ms`;
  if (millis < 59_950) return `${(millis / 1000).toFixed(1)} s`;
  return clock(millis);
}

/** Like duration, in whole seconds: for what counts up while one looks at it. */
export function clock(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** "just now", "4 min ago", "in 2 h", "3 d ago"; beyond 60 days the date says more. */
export function relative(at: string | number, now: number): string {
  const difference = new Date(at).getTime() - now;
  const size = Math.abs(difference);
  const ahead = difference > 0;
  if (size < 5000) return 'just now';
  if (size > 60 * 86_400_000) return date(at);
  return ahead ? `in ${age(size)}` : `${age(size)} ago`;
}

/** One unit is enough for an age: 26 h says more than 1 d. */
export function age(millis: number): string {
  const seconds = Math.round(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes far longer than using it, and a long list uses it hundreds of times. */
function parts(at: string | number, zone: string | undefined, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone}${JSON.stringify(options)}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' });
  formats.set(key, format);
  return format.format(new Date(at));
}

export function date(at: string | number, zone?: string): string {
  return parts(at, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** Whether a day, the last on which something holds in UTC, is over. */
export function dayOver(day: string, now: number): boolean {
  return Date.parse(day) + 86_400_000 <= now;
}

export function hourMinute(at: string | number, zone?: string): string {
  return parts(at, zone, { hour: '2-digit', minute: '2-digit' });
}

export function timeOfDay(at: string | number, zone?: string): string {
  return parts(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** Sat 21 Nov 2026, 02:15:04 CET */
export function exact(at: string | number, zone?: string): string {
  return parts(at, zone, {
    weekday: 'short', day: 'numeric', month: 'short', year: 'numeric',
    hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
  });
}

/** CET: the zone of times that are shown without it, as it is called then. */
export function zoneName(at: string | number, zone?: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'short' }).formatToParts(new Date(at)).find((part) => part.type === 'timeZoneName')!.value;
}

/** Sat 21 Nov, 02:15: for lists of times to come. */
export function dayAndTime(at: string | number, zone?: string): string {
  return parts(at, zone, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** The same of what was: with the year where it is another one than now. */
export function dayAndTimePast(at: string | number, now: number, zone?: string): string {
  const year = (each: string | number) => parts(each, zone, { year: 'numeric' });
  return year(at) === year(now) ? dayAndTime(at, zone) : parts(at, zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).replace(/^(\w+),/, '$1');
}

/** With the fraction of the second that an ISO time has: what is asked for to the microsecond is shown so. */
export function exactly(at: string, zone?: string): string {
  const fraction = /\.(\d*[1-9])0*Z?$/.exec(at)?.[1];
  return fraction ? exact(at, zone).replace(/(\d\d:\d\d:\d\d)/, `$1.${fraction}`) : exact(at, zone);
}

export function percent(share: number | null | undefined): string {
  return share == null ? UNKNOWN : `${Math.floor(share * 100)} %`;
}

/** A progress figure in its unit: bytes as sizes, everything else as a count. */
export function amount(value: number, unit: string): string {
  return unit === 'bytes' ? bytes(value) : count(value);
}

/** restore-drill → Restore drill: a readable name for what has no title. */
export function words(name: string): string {
  const spaced = name.replace(/[-_.]+/g, ' ').replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** The start of an id is enough to tell runs apart; UUIDv7 starts with the time, so its end differs more. */
export function shortId(id: string): string {
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? id.slice(-8) : id;
}
