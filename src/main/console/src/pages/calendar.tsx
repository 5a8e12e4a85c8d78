import { kinds, useLoad } from '../api/load';
import type { Calendar } from '../api/calendar';
import { inProject } from '../api/client';
import { now } from '../clock';
import { project } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { beginOf, dayOf, linesOf, plusDays, standsIn, touches, weekOf } from '../text/calendar';
import type { Entry, Line } from '../text/calendar';
import { hourMinute, words, zoneName } from '../text/format';
import { Button } from '../ui/bits';
import { Panel } from '../ui/panel';
import { Mark, RUN, State, lookOf } from '../ui/state';
import type { Look } from '../ui/state';

const COMING: Look = { word: 'to come', shape: 'ring', tone: 'idle' };
const HELD: Look = { word: 'held back', shape: 'dash', tone: 'idle' };
const DAYS = 7;

/** A week: what ran, what will, and what holds it back. */
export function CalendarHere() {
  const here = zone();
  const today = dayOf(now.value, here);
  const asked = query.value.get('from') ?? '';
  const week = weekOf(/^\d{4}-\d\d-\d\d$/.test(asked) && !Number.isNaN(Date.parse(asked)) ? asked : today);
  const days = Array.from({ length: DAYS }, (_, index) => plusDays(week, index));
  const name = project.value!.name;
  const path = `${inProject(name, ['calendar'])}?from=${beginOf(week, here).toISOString()}&to=${beginOf(plusDays(week, DAYS), here).toISOString()}`;
  const calendar = useLoad<Calendar>(path, kinds('schedule', 'run'));
  const turn = (to: string) => setQuery({ from: to === weekOf(today) ? null : to });
  const title = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  return (
    <section class="card flush calendar" aria-label="Calendar">
      <header>
        <h2>Week of {title.format(new Date(week))}</h2>
        <div class="aside">
          <Button kind="quiet" label="The week before" onClick={() => turn(plusDays(week, -DAYS))}>Before</Button>
          <Button kind="quiet" disabled={week === weekOf(today)} onClick={() => turn(weekOf(today))}>This week</Button>
          <Button kind="quiet" label="The week after" onClick={() => turn(plusDays(week, DAYS))}>After</Button>
        </div>
      </header>
      <Panel loaded={calendar} rows={6}>{(data) => <Week data={data} days={days} today={today} />}</Panel>
    </section>
  );
}

function Week({ data, days, today }: { data: Calendar; days: string[]; today: string }) {
  const here = zone();
  const entries: Entry[] = [
    ...data.runs.map((each) => ({ at: each.at, of: each.schedule ?? words(each.job), job: each.job, status: each.status, run: each.run, reason: each.reason })),
    ...data.fires.map((each) => ({ at: each.at, of: each.schedule, job: each.job, status: null, run: null, reason: each.heldBack })),
  ];
  const byDay = new Map<string, Entry[]>();
  for (const entry of entries) {
    const day = dayOf(entry.at, here);
    byDay.set(day, [...(byDay.get(day) ?? []), entry]);
  }
  const heading = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });
  return (
    <>
      <ol class="week">
        {days.map((day) => {
          const lines = linesOf(byDay.get(day) ?? []);
          const held = [
            ...data.blackouts.filter((each) => touches(day, each.from, each.to, here)).map((each) => (each.jobs.length === 0 ? each.name : `${each.name}: no ${each.jobs.join(', ')}`)),
            ...data.pauses.filter((each) => touches(day, each.since, each.until, here)).map((each) => (each.of === 'schedule' ? `${each.schedule} paused` : `${words(each.of)} paused`)),
          ];
          return (
            <li key={day} class={day === today ? 'today' : ''} aria-current={day === today ? 'date' : undefined}>
              <h3>{heading.format(new Date(day))}{day === today && <small>today</small>}</h3>
              {data.windows.filter((each) => standsIn(day, days[0]!, each.from, each.to, here)).map((each) => <p class="window-line" key={`${each.name} ${each.from}`}>{dayOf(each.from, here) === day ? `${hourMinute(each.from, here)}–` : 'until '}{hourMinute(each.to, here)} window {each.name}</p>)}
              {held.map((each) => <p class="held" key={each}><Mark shape="dash" tone="warn" />{each}</p>)}
              {lines.map((line) => <LineOf key={`${line.first.of} ${line.first.at}`} line={line} />)}
              {lines.length === 0 && <p class="muted">nothing</p>}
            </li>
          );
        })}
      </ol>
      <p class="calendar-note muted">Times in {zoneName(data.from, here)}. {data.cut.length > 0 && `There is more than is shown of ${data.cut.join(', ')}.`}</p>
    </>
  );
}

function LineOf({ line: { first, entries } }: { line: Line }) {
  const name = project.value!.name;
  const look = (entry: Entry) => (entry.status ? lookOf(RUN, entry.status) : entry.reason ? HELD : COMING);
  const time = hourMinute(first.at, zone());
  if (entries.length === 1) {
    const words = <><b class="tabular">{time}</b><span class="what">{first.of}</span><State look={look(first)} />{first.reason && <small>{first.reason}</small>}</>;
    return first.run ? <a class="calendar-line" href={address(name, 'runs', first.run)}>{words}</a> : <div class="calendar-line">{words}</div>;
  }
  const counts = new Map<string, { look: Look; n: number }>();
  for (const entry of entries) {
    const its = look(entry);
    counts.set(its.word, { look: its, n: (counts.get(its.word)?.n ?? 0) + 1 });
  }
  const bad = entries.find((each) => each.run && ['bad', 'warn'].includes(look(each).tone));
  const words = (
    <>
      <b class="tabular">{time}–{hourMinute(entries.at(-1)!.at, zone())}</b><span class="what">{first.of}</span>
      {[...counts.values()].map((each) => <State key={each.look.word} look={each.look} word={`${each.n} ${each.look.word}`} />)}
    </>
  );
  return bad?.run ? <a class="calendar-line" href={address(name, 'runs', bad.run)}>{words}</a> : <div class="calendar-line">{words}</div>;
}
