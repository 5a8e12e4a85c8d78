import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Overview } from '../api/types';
import { now } from '../clock';
import { project } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { duration, exact, hourMinute, plural, shortId, words } from '../text/format';
import { place, ticks } from '../text/timeline';
import type { Placed } from '../text/timeline';
import { Mark, RUN, lookOf } from '../ui/state';

/** Below this share of the width a bar has no room for its job's name; it then stands behind the bar, if there is room. */
const NAMED_FROM = 0.1;

/** A bad night must not hide the other databases; the newest say most. */
const MOST_REASONS = 3;

/** A time this near to now, or to the edge, has no room beside it. */
const NOW_PIXELS = 44;
const EDGE_PIXELS = 16;

/** The smallest target that a finger hits, with a gap (WCAG 2.2, 2.5.8: 24 px). */
const NARROWEST_PIXELS = 26;

/** The night of each database, up to as many as the server gives: a bar per run, a failed one with its reason in words. */
export function Night({ night, of }: { night: Overview['night']; of: number }) {
  const name = project.value!.name;
  const span = Date.parse(night.to) - Date.parse(night.from);
  const at = (now.value - Date.parse(night.from)) / Math.max(1, span);
  const scale = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const measure = () => setWidth(scale.current!.clientWidth || 800);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scale.current!);
    return () => observer.disconnect();
  }, []);
  const marks = ticks(night.from, night.to, 8);
  return (
    <div class="night" role="group" aria-label={`The night from ${exact(night.from, zone())} to ${exact(night.to, zone())}`}>
      <div class="night-scale" aria-hidden="true">
        <span />
        <div class="night-ticks" ref={scale}>
          {marks.map((mark, index) => <i key={mark.at} class={index % 2 ? 'odd' : ''} style={{ left: `${mark.left * 100}%` }}><span>{Math.min(mark.left, 1 - mark.left) * width > EDGE_PIXELS && Math.abs(mark.left - at) * width > NOW_PIXELS && hourMinute(mark.at, zone())}</span></i>)}
          {at > 0 && at < 1 && <i class="now-word" style={{ left: `${at * 100}%` }}><span>now</span></i>}
        </div>
      </div>
      {night.lanes.map((lane) => {
        const bars = place(lane.bars, night.from, night.to, now.value, NARROWEST_PIXELS / width);
        const rows = Math.max(1, ...bars.map((bar) => bar.row + 1));
        // What a person stopped needs none.
        const reasons = bars.filter((bar) => bar.reason && bar.status !== 'STOPPED').sort((a, b) => Date.parse(b.from) - Date.parse(a.from));
        return (
          <div class="lane" key={lane.database}>
            <a class="lane-name" data-row href={address(name, 'databases', lane.database)}>{lane.database}</a>
            <div class="lane-body">
              <div class="track" style={{ height: `${rows * 30 + 2}px` }}>
                {marks.map((mark) => <i key={mark.at} class="tick" style={{ left: `${mark.left * 100}%` }} />)}
                {at > 0 && at < 1 && <i class="now" style={{ left: `${at * 100}%` }} />}
                {bars.map((bar) => <NightBar key={bar.run} bar={bar} />)}
              </div>
              {reasons.slice(0, MOST_REASONS).map((bar) => (
                <p class="lane-reason" key={bar.run}>
                  <Mark {...lookOf(RUN, bar.status)} />
                  <span><b>{words(bar.job)} {lookOf(RUN, bar.status).word}</b> {bar.reason}</span>
                  <a href={address(name, 'runs', bar.run)}>run {shortId(bar.run)}</a>
                </p>
              ))}
              {reasons.length > MOST_REASONS && <p class="lane-reason"><a href={`${address(name, 'runs')}?database=${encodeURIComponent(lane.database)}&from=24h`}>and {plural(reasons.length - MOST_REASONS, 'more', 'more')}</a></p>}
              {bars.length === 0 && <p class="lane-reason quiet">nothing ran here tonight</p>}
            </div>
          </div>
        );
      })}
      {night.lanes.length < of && <p class="lane-reason">{night.lanes.length} of {plural(of, 'database')}, those that need a look first. <a href={address(name, 'databases')}>All databases</a></p>}
    </div>
  );
}

function NightBar({ bar }: { bar: Placed }) {
  const look = lookOf(RUN, bar.status);
  const took = (bar.to ? Date.parse(bar.to) : now.value) - Date.parse(bar.from);
  const told = `${words(bar.job)}, ${look.word}, ${hourMinute(bar.from, zone())}, ${duration(took)}`;
  return (
    <a class={`night-bar ${look.tone} ${bar.width < NAMED_FROM ? (bar.room > NAMED_FROM ? 'slim beside' : 'slim') : ''}`} href={address(project.value!.name, 'runs', bar.run)} title={told} aria-label={told}
      style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%`, top: `${bar.row * 30 + 3}px` }}>
      <span class="night-fill"><Mark shape={look.shape} tone={look.tone} /></span><span class="night-word">{words(bar.job)}</span>
    </a>
  );
}
