import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { now } from '../clock';
import { zone } from '../prefs';
import { UNKNOWN, exact, relative } from '../text/format';
import { Icon } from './icons';
import type { IconName } from './icons';

/** A relative time; the exact one shows on hover and focus. Inside a table's row the row's focus shows it. */
export function When({ at, none = 'never', plain }: { at: string | null | undefined; none?: string; plain?: boolean }) {
  if (!at) return <span class="muted">{none}</span>;
  const full = exact(at, zone());
  return (
    <time class="when" dateTime={at} tabIndex={plain ? undefined : 0}>
      {relative(at, now.value)}<span class="tip">{full}</span>
    </time>
  );
}

interface ButtonProps {
  children: ComponentChildren;
  onClick?: () => void;
  kind?: 'primary' | 'danger' | 'quiet';
  icon?: IconName;
  busy?: boolean | string;
  disabled?: boolean;
  submit?: boolean;
  label?: string;
  pressed?: boolean;
}

/** While busy the button keeps its width and focus, says so, and does nothing. */
export function Button({ children, onClick, kind, icon, busy, disabled, submit, label, pressed }: ButtonProps) {
  return (
    <button type={submit ? 'submit' : 'button'} class={`button ${kind ?? ''} ${busy ? 'is-busy' : ''}`} disabled={disabled} aria-disabled={busy ? true : undefined}
      aria-busy={busy ? true : undefined} aria-label={label} aria-pressed={pressed} title={label}
      onClick={(event) => { if (busy) event.preventDefault(); else onClick?.(); }}>
      {icon && <Icon name={icon} size={16} />}
      <span>{typeof busy === 'string' ? busy : children}</span>
    </button>
  );
}

export function ButtonLink({ href, children, kind, icon, download }: {
  href: string; children: ComponentChildren; kind?: 'primary' | 'quiet'; icon?: IconName;
  /** A file to keep, not a page of the console. */
  download?: boolean;
}) {
  return <a class={`button ${kind ?? ''}`} href={href} download={download}>{icon && <Icon name={icon} size={16} />}<span>{children}</span></a>;
}

/** Copies a text; says so in the button itself. */
export function Copy({ text, label = 'Copy', what }: { text: () => string; label?: string; what?: string }) {
  const [said, say] = useState<string | null>(null);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      say('Copied');
    } catch {
      say('Select and copy by hand');
    }
    timer.current = window.setTimeout(() => say(null), 2000);
  };
  return <Button icon={said === 'Copied' ? 'check' : 'copy'} kind="quiet" onClick={copy} label={what ? `${label} ${what}` : undefined}>{said ?? label}</Button>;
}

/** A command or statement to be copied. */
export function Code({ text, what }: { text: string; what: string }) {
  return <div class="code"><pre tabIndex={0} aria-label={what}><code>{text}</code></pre><Copy text={() => text} what={what} /></div>;
}

/** A statement or a command stands apart, to be copied; anything else is told. */
const COMMAND = /^(ALTER|GRANT|CREATE|SELECT|REINDEX|VACUUM|SET)\b/;

export function Remedy({ text, of }: { text: string; of: string }) {
  return COMMAND.test(text) ? <Code text={text} what={`the remedy for ${of}`} /> : <p class="remedy"><b>What to do</b> {text}</p>;
}

export function Card({ title, aside, children, span, flush, id }: {
  title?: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren; span?: 3 | 4 | 6 | 8; flush?: boolean; id?: string;
}) {
  const heading = useId();
  return (
    <section class={`card ${span ? `span-${span}` : ''} ${flush ? 'flush' : ''}`} aria-labelledby={title ? heading : undefined} id={id}>
      {title && <header><h2 id={heading}>{title}</h2>{aside && <div class="aside">{aside}</div>}</header>}
      {children}
    </section>
  );
}

export function Bar({ share, label }: { share: number | null; label: string }) {
  const value = share == null ? undefined : Math.round(share * 100);
  return (
    <div class={`bar ${share == null ? 'unknown' : ''}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={value}>
      <i style={{ width: `${share == null ? 100 : share * 100}%` }} />
    </div>
  );
}

/** A list of name and value, two or more columns wide. */
export function Facts({ items }: { items: ([string, ComponentChildren] | false | null | undefined)[] }) {
  return (
    <dl class="facts">
      {items.map((item) => item && <div key={item[0]}><dt>{item[0]}</dt><dd class={item[1] === UNKNOWN ? 'muted' : undefined}>{item[1]}</dd></div>)}
    </dl>
  );
}

export function PageHead({ title, sub, children }: { title: ComponentChildren; sub?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="page-head">
      <div class="page-title"><h1 tabIndex={-1}>{title}</h1>{sub && <p>{sub}</p>}</div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}
