import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asProblem } from '../api/client';
import type { Problem } from '../api/types';
import { Button } from './bits';
import { Field } from './field';
import { Icon } from './icons';
import { Trouble } from './panel';

/** A modal window; the browser keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, wide, className }: {
  title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; className?: string;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before the next key press, which belongs to the dialog already.
  useLayoutEffect(() => {
    const dialog = element.current!;
    const opener = document.activeElement as HTMLElement | null;
    dialog.showModal();
    return () => {
      dialog.close();
      opener?.focus?.();
    };
  }, []);
  return (
    <dialog ref={element} class={`dialog ${wide ? 'wide' : ''} ${className ?? ''}`} aria-labelledby={heading}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === element.current) onClose(); }}>
      <div class="dialog-body">
        <header><h2 id={heading}>{title}</h2><button type="button" class="icon-button" aria-label="Close" onClick={onClose}><Icon name="close" /></button></header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  /** The word on the button: what will be done. */
  verb: string;
  busyWord: string;
  /** When given, it has to be typed first. */
  name?: string;
  act: () => Promise<unknown>;
  onClose: () => void;
}

/** Says what will be lost and, for what cannot be undone, asks for the object's name. */
export function Confirm({ title, children, verb, busyWord, name, act, onClose }: ConfirmProps) {
  const [typed, setTyped] = useState('');
  const { busy, problem, run } = useAction(act, onClose);
  const ready = name === undefined || typed === name;
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="prose">{children}</div>
        {name !== undefined && <Field label={`Type ${name} to go on`} value={typed} onInput={setTyped} mono autoFocus />}
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="danger" disabled={!ready} busy={busy ? busyWord : false}>{verb}</Button></div>
      </form>
    </Dialog>
  );
}

/** Runs something once at a time and keeps what went wrong. */
export function useAction<T>(act: () => Promise<T>, done?: (result: T) => void): { busy: boolean; problem: Problem | undefined; run: () => Promise<void>; clear: () => void } {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const gone = useRef(false);
  useEffect(() => () => { gone.current = true; }, []);
  const run = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const result = await act();
      if (!gone.current) setBusy(false);
      done?.(result);
    } catch (failure) {
      if (gone.current) return;
      setBusy(false);
      setProblem(asProblem(failure));
    }
  };
  return { busy, problem, run, clear: () => setProblem(undefined) };
}

interface Note {
  text: string;
  href?: string;
  link?: string;
}

const note = signal<Note | null>(null);
let noteTimer: number | undefined;

/** A short word on what was done, said by screen readers too. */
export function notify(text: string, href?: string, link?: string) {
  note.value = { text, href, link };
  window.clearTimeout(noteTimer);
  noteTimer = window.setTimeout(() => { note.value = null; }, 8000);
}

export function Notes() {
  const shown = note.value;
  return (
    <div class="notes" role="status" aria-live="polite">
      {shown && <div class="note"><span>{shown.text}</span>{shown.href && <a href={shown.href}>{shown.link}</a>}
        <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => { note.value = null; }}><Icon name="close" size={16} /></button></div>}
    </div>
  );
}
