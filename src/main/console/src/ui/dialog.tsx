import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asProblem } from '../api/client';
import type { Problem } from '../api/types';
import { Button } from './bits';
import { Field } from './field';
import { Icon } from './icons';
import { Trouble } from './panel';

/** The second click of a double click that opened a dialog falls on its backdrop; it must not close it again. */
const SETTLED_MILLIS = 500;

/** A modal window; the browser keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, wide, className, light }: {
  title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; className?: string;
  /** What is typed in it may be lost. */
  light?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const pressedOutside = useRef(false);
  const openedAt = useRef(0);
  const typed = useRef(false);
  // Before the next key press, which belongs to the dialog already.
  useLayoutEffect(() => {
    const dialog = element.current!;
    const opener = document.activeElement as HTMLElement | null;
    dialog.showModal();
    openedAt.current = performance.now();
    return () => {
      dialog.close();
      // What opened it may be gone by now, as the button is that stops a run.
      if (opener?.isConnected) opener.focus();
      else document.querySelector('h1')?.focus();
    };
  }, []);
  const outside = (event: Event) => event.target === element.current && !typed.current && performance.now() - openedAt.current > SETTLED_MILLIS;
  return (
    <dialog ref={element} class={`dialog ${wide ? 'wide' : ''} ${className ?? ''}`} aria-labelledby={heading}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onInput={() => { typed.current = !light; }}
      onPointerDown={(event) => { pressedOutside.current = outside(event); }}
      onClick={(event) => { if (pressedOutside.current && outside(event)) onClose(); }}>
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
  // Where no name is asked for, the focus is on the words: a key pressed twice neither closes the dialog unseen nor acts.
  const words = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => { if (name === undefined) words.current!.focus(); }, []);
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="prose words" ref={words} tabIndex={-1}>{children}</div>
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
      const told = asProblem(failure);
      // Whoever closed the dialog meanwhile still has to hear that nothing came of it.
      if (gone.current) return notify(told.detail);
      setBusy(false);
      setProblem(told);
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
