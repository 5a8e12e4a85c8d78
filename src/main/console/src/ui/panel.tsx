import { Component } from 'preact';
import type { ComponentChildren } from 'preact';
import { passes } from '../api/client';
import { outage } from '../api/outage';
import type { Loaded } from '../api/load';
import type { Problem } from '../api/types';
import { Button, ButtonLink } from './bits';
import { Mark } from './state';

/** What happened, what to do, and the button that tries again. */
export function Trouble({ problem, retry, calm }: { problem: Problem; retry?: () => void; calm?: boolean }) {
  return (
    <div class={`trouble ${calm ? 'calm' : ''}`} role="alert">
      <Mark shape={calm ? 'ring' : 'square'} tone={calm ? 'idle' : 'bad'} />
      <div><strong>{problem.detail}</strong>{problem.remedy && <p>{problem.remedy}</p>}</div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return <div class="empty"><h3>{title}</h3>{children && <p>{children}</p>}{action && <div class="actions">{action}</div>}</div>;
}

/** Grey lines that hold the layout still until data is there. */
export function Skeleton({ rows = 4, tall }: { rows?: number; tall?: boolean }) {
  return (
    <div class={`skeleton ${tall ? 'tall' : ''}`} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => <i key={index} class={`w${index % 4}`} />)}
    </div>
  );
}

/** During an outage the banner speaks for all parts of the page; what fails for another reason speaks for itself. */
export function told(problem: Problem): boolean {
  return outage.value !== null && passes(problem);
}

/** Loading, failed, or there: the three ways a part of a page can be. Data of before stays while newer fails. */
export function Panel<T>({ loaded, rows, skeleton, children }: {
  loaded: Loaded<T>; rows?: number; skeleton?: ComponentChildren; children: (data: T) => ComponentChildren;
}) {
  const { data, problem, reload } = loaded;
  if (data === undefined) {
    if (problem && !told(problem)) return <Trouble problem={problem} retry={reload} calm={problem.status === 404} />;
    return <>{skeleton ?? <Skeleton rows={rows} />}</>;
  }
  return <>{problem && !told(problem) && <Trouble calm={passes(problem)} problem={{ ...problem, remedy: 'What is shown is what was known before.' }} retry={reload} />}{children(data)}</>;
}

/** A page that breaks says so and leaves the frame standing. */
export class Boundary extends Component<{ children: ComponentChildren; at: string }, { failure: string | null }> {
  override state = { failure: null as string | null };

  static override getDerivedStateFromError(failure: unknown) {
    return { failure: failure instanceof Error ? failure.message : String(failure) };
  }

  override componentDidUpdate(before: { at: string }) {
    if (before.at !== this.props.at && this.state.failure) this.setState({ failure: null });
  }

  override render() {
    if (this.state.failure === null) return this.props.children;
    return (
      <div class="card">
        <Trouble problem={{ title: 'Broken', status: -1, detail: 'This page broke while it was drawn.', remedy: `Reload it; if it breaks again, report these words: ${this.state.failure}` }}
          retry={() => this.setState({ failure: null })} />
      </div>
    );
  }
}

export function Missing({ what, back, backWord }: { what: string; back: string; backWord: string }) {
  return <div class="card"><Empty title={`${what} is not here`} action={<ButtonLink href={back}>{backWord}</ButtonLink>}>It may have been deleted, or it belongs to a project that you cannot see.</Empty></div>;
}
