/** A five-field cron expression in words; what has no simple words is shown as it is. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const SHORT = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const RANGES: readonly [number, number][] = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 7]];
const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'day of the week'];

const MACROS: Record<string, string> = {
  '@hourly': '0 * * * *', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@weekly': '0 0 * * 0', '@monthly': '0 0 1 * *', '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *',
};
/** More minutes of an hour than that are no list that anybody reads. */
const AT_A_GLANCE = 4;
const NTH = ['first', 'second', 'third', 'fourth', 'fifth'];

export function describeCron(given: string): string {
  const cron = MACROS[given.trim().toLowerCase()] ?? given;
  const fields = cron.trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || minute === undefined || hour === undefined || day === undefined || weekday === undefined) return cron;
  if (cron === MACROS['@yearly']) return 'Every 1 January at 00:00';
  if (month !== '*') return cron;
  const every = /^\*\/(\d+)$/;
  if (hour === '*' && day === '*' && weekday === '*') {
    if (minute === '*') return 'Every minute';
    const step = every.exec(minute);
    if (step) return minutesOf(Number(step[1]), cron);
    if (/^\d+$/.test(minute)) return `Every hour at :${minute.padStart(2, '0')}`;
  }
  if (!/^\d+$/.test(minute)) return cron;
  const hourStep = every.exec(hour);
  if (hourStep && day === '*' && weekday === '*') return hoursOf(Number(hourStep[1]), minute.padStart(2, '0'), cron);
  if (!/^\d+(,\d+)*$/.test(hour)) return cron;
  const times = list(hour.split(',').map((each) => `${each.padStart(2, '0')}:${minute.padStart(2, '0')}`));
  if (day === '*' && weekday === '*') return `Every day at ${times}`;
  if (day === '*') {
    const nth = /^(\w+)#([1-5])$/.exec(weekday);
    if (nth) return weekdays(nth[1]!) ? `On the ${NTH[Number(nth[2]) - 1]} ${dayOf(nth[1]!)} of every month at ${times}` : cron;
    const last = /^(\w+)L$/i.exec(weekday);
    if (last) return dayOf(last[1]!) ? `On the last ${dayOf(last[1]!)} of every month at ${times}` : cron;
    const names = weekdays(weekday);
    return names ? `${names} at ${times}` : cron;
  }
  if (weekday === '*' && /^L$/i.test(day)) return `On the last day of every month at ${times}`;
  if (weekday === '*' && /^\d+(,\d+)*$/.test(day)) return `On the ${list(day.split(',').map((each) => ordinal(Number(each))))} of every month at ${times}`;
  return cron;
}

/** A step begins anew with every hour: what does not divide it is said minute by minute, or with where it begins. */
function minutesOf(step: number, cron: string): string {
  if (step === 0) return cron;
  if (60 % step === 0 && step < 60) return step === 1 ? 'Every minute' : `Every ${step} minutes`;
  const minutes = multiples(step, 60);
  return minutes.length > AT_A_GLANCE ? `Every ${step} minutes from each full hour on` : `Every hour at ${list(minutes.map((each) => `:${two(each)}`))}`;
}

function hoursOf(step: number, minute: string, cron: string): string {
  if (step === 0) return cron;
  if (24 % step === 0 && step < 24) return step === 1 ? `Every hour at :${minute}` : `Every ${step} hours at :${minute}`;
  return `Every day at ${list(multiples(step, 24).map((each) => `${two(each)}:${minute}`))}`;
}

function multiples(step: number, end: number): number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, index) => index * step);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Why an expression cannot be a cron expression, or null; the server has the last word. */
export function cronProblem(cron: string): string | null {
  if (cron.trim().startsWith('@')) return cron.trim().toLowerCase() in MACROS ? null : 'Of the macros, @hourly, @daily, @weekly, @monthly and @yearly are known.';
  const fields = cron.trim().split(/\s+/).filter(Boolean);
  if (fields.length !== 5) return 'Five fields are needed: minute, hour, day of the month, month, day of the week.';
  for (const [index, field] of fields.entries()) {
    const [low, high] = RANGES[index]!;
    const numbers = field.match(/\d+/g) ?? [];
    const values = field.includes('/') ? numbers.slice(0, -1) : numbers;
    if (!/^[\dA-Za-z*/,\-#]+$/.test(field)) return `The ${FIELDS[index]} “${field}” has a character that cron does not know.`;
    if (values.some((value) => Number(value) < low || Number(value) > high)) {
      return `The ${FIELDS[index]} must lie between ${low} and ${high}.`;
    }
  }
  return null;
}

function weekdays(field: string): string | null {
  if (/^(0,6|6,0|6-7|SAT,SUN|SAT-SUN|SUN,SAT)$/i.test(field)) return 'Saturday and Sunday';
  const [from, to] = field.split('-').map(dayOf);
  if (from && to && field.split('-').length === 2) return `${from} to ${to}`;
  const names = field.split(',').map(dayOf);
  return names.includes(undefined) ? null : `Every ${list(names as string[])}`;
}

function dayOf(word: string): string | undefined {
  return DAYS[/^[0-7]$/.test(word) ? Number(word) % 7 : SHORT.indexOf(word.toUpperCase())];
}

function list(items: string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}
