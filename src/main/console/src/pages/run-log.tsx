import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { again } from '../api/again';
import { api, asProblem, inProject } from '../api/client';
import { onChange } from '../api/live';
import type { LogLine, Page, Problem, Run, Step, Target } from '../api/types';
import { project } from '../frame/session';
import { zone } from '../prefs';
import { plural, timeOfDay, words, zoneName } from '../text/format';
import { Button, Card, Copy } from '../ui/bits';
import { Skeleton, Trouble, told } from '../ui/panel';
import { targetName } from './run-grid';
import { isOver } from './run-table';

const PAGE = 500;
/** Older lines leave the page, not the server. */
const MOST_LINES = 5000;
const SETTLE_MILLIS = 250;

/** The log of a run or of one target, read on from the last line seen whenever the server says there is more. */
function useLog(run: Run, target: Target | undefined, asked: string): { lines: LogLine[]; known: boolean; problem: Problem | undefined; retry: () => void } {
  const [state, setState] = useState<{ lines: LogLine[]; known: boolean; problem?: Problem }>({ lines: [], known: false });
  const retry = useRef(() => {});
  const name = project.value!.name;
  useEffect(() => {
    setState({ lines: [], known: false });
    const stop = new AbortController();
    let after: number | undefined;
    const reads = again(async () => {
      try {
        let more = true;
        while (more && !stop.signal.aborted) {
          const page: Page<LogLine> = await api(inProject(name, ['runs', run.id, 'log'], { target: target?.id, q: asked, after, limit: PAGE }), { signal: stop.signal });
          after = page.items.at(-1)?.seq ?? after;
          more = page.next != null && page.items.length > 0;
          setState((before) => ({ known: true, lines: page.items.length > 0 ? [...before.lines, ...page.items].slice(-MOST_LINES) : before.lines }));
        }
      } catch (failure) {
        if (!stop.signal.aborted) setState((before) => ({ ...before, problem: asProblem(failure) }));
      }
    }, SETTLE_MILLIS);
    retry.current = () => void reads.now();
    void reads.now();
    const leave = onChange((change) => {
      if (change === null || change.id === run.id) reads.soon();
    });
    return () => {
      stop.abort();
      reads.end();
      leave();
    };
  }, [run.id, target?.id, asked]);
  return { ...state, problem: state.problem, retry: () => retry.current() };
}

function within(line: LogLine, step: Step | undefined): boolean {
  if (!step) return true;
  const at = Date.parse(line.at);
  return step.startedAt != null && at >= Date.parse(step.startedAt) && (step.endedAt == null || at <= Date.parse(step.endedAt));
}

/** A value once it has stayed the same for a moment: nobody is asked for half a word. */
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => settle(value), SETTLE_MILLIS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}

export function RunLog({ run, target, step }: { run: Run; target: Target | undefined; step: Step | undefined }) {
  const [follows, setFollows] = useState(true);
  const [search, setSearch] = useState('');
  const asked = useSettled(search.trim().toLowerCase());
  const { lines, known, problem, retry } = useLog(run, target, asked);
  const view = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => lines.filter((line) => within(line, step)), [lines, step]);

  useEffect(() => {
    if (follows && view.current) view.current.scrollTop = view.current.scrollHeight;
  }, [shown, follows]);

  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = view.current!;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (atEnd !== follows) setFollows(atEnd);
  };
  const text = () => shown.map((line) => `${line.at} ${line.level} ${line.text}`).join('\n');
  const where = [target ? targetName(target) : 'all targets', step && words(step.name).toLowerCase()].filter(Boolean).join(', ');
  return (
    <Card title={<>Log <span class="muted">of {where}</span></>} flush aside={<>
      <input class="log-search" type="search" placeholder="Search the log" aria-label="Search the log" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      <Button kind="quiet" pressed={follows} onClick={() => setFollows(!follows)}>Follow</Button>
      <Copy text={text} what="the log" />
    </>}>
      {problem && !told(problem) && <Trouble problem={problem} retry={retry} />}
      <div class={`log ${lines.some((line) => line.level !== 'INFO') ? 'leveled' : ''} ${isOver(run) ? 'over' : ''}`} ref={view} onScroll={scrolled} tabIndex={0} role="log" aria-label={`Log of ${where}`} aria-live="off">
        {!known && <Skeleton rows={6} />}
        {shown.map((line) => (
          <p key={line.seq} class={line.level}><time dateTime={line.at}>{timeOfDay(line.at, zone())}</time><span class="level">{line.level === 'INFO' ? '' : line.level === 'WARN' ? 'warning' : 'error'}</span><span>{highlight(line.text, asked)}</span></p>
        ))}
        {known && shown.length === 0 && <p class="none">{asked ? `No line has “${asked}”.` : step && lines.length > 0 ? 'This step wrote nothing.' : isOver(run) ? 'Nothing was written.' : 'Nothing has been written yet.'}</p>}
      </div>
      {(run.logLinesDropped ?? 0) > 0 && <p class="log-note">{plural(run.logLinesDropped!, 'line was', 'lines were')} left out: a run keeps a limited number. The server’s own log may have them.</p>}
      <p class="log-foot" aria-live="off">{plural(shown.length, 'line')}{lines.length >= MOST_LINES ? `, the last ${MOST_LINES}` : ''}{asked ? ` with “${asked}”` : ''}{lines.length > 0 && `, times in ${zoneName(lines[0]!.at, zone())}`}</p>
    </Card>
  );
}

function highlight(text: string, asked: string) {
  const at = asked ? text.toLowerCase().indexOf(asked) : -1;
  if (at < 0) return text;
  return <>{text.slice(0, at)}<mark>{text.slice(at, at + asked.length)}</mark>{text.slice(at + asked.length)}</>;
}
