import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  help?: ComponentChildren;
  /** Why the value cannot be taken; shown once something was typed or the field was left. */
  error?: string | null;
  /** Shown at once, whether typed or not: what the server said. */
  refused?: string | null;
  type?: 'text' | 'password' | 'date' | 'datetime-local' | 'time' | 'search';
  mono?: boolean;
  numeric?: boolean;
  placeholder?: string;
  autoFocus?: boolean;
  autoComplete?: string;
  required?: boolean;
  list?: string[];
}

export function Field(props: FieldProps) {
  const { label, value, onInput, help, error, refused, type = 'text', mono, numeric, placeholder, autoFocus, autoComplete, required, list } = props;
  const id = useId();
  const [touched, setTouched] = useState(false);
  const shown = refused ?? (touched ? error : null);
  const input = useRef<HTMLInputElement>(null);
  // The attribute alone works in a dialog that opens, not on a page that is drawn later.
  useEffect(() => { if (autoFocus) input.current?.focus(); }, []);
  const kind: Record<string, unknown> = { type, list: list ? `${id}-list` : undefined };
  return (
    <div class={`field ${shown ? 'wrong' : ''}`}>
      <label for={id}>{label}{required === false && <span class="optional">optional</span>}</label>
      <input id={id} ref={input} {...kind} value={value} class={mono ? 'mono' : ''} inputMode={numeric ? 'numeric' : undefined} placeholder={placeholder}
        autoFocus={autoFocus} autoComplete={autoComplete ?? 'off'} spellcheck={false} autoCapitalize="none"
        aria-invalid={shown ? true : undefined} aria-describedby={`${id}-help`} aria-required={required}
        onInput={(event) => { setTouched(true); onInput(event.currentTarget.value); }} onBlur={() => { if (value) setTouched(true); }} />
      {list && <datalist id={`${id}-list`}>{list.map((each) => <option key={each} value={each} />)}</datalist>}
      <p class="help" id={`${id}-help`} aria-live="polite">{shown ?? help}</p>
    </div>
  );
}

export interface Option {
  value: string;
  label: string;
}

export function Select({ label, value, onChange, options, help, compact }: {
  label: string; value: string; onChange: (value: string) => void; options: (Option | string)[]; help?: ComponentChildren; compact?: boolean;
}) {
  const id = useId();
  const all = options.map((each) => (typeof each === 'string' ? { value: each, label: each } : each));
  return (
    <div class={`field ${compact ? 'compact' : ''}`}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {all.map((each) => <option key={each.value} value={each.value} selected={each.value === value}>{each.label}</option>)}
      </select>
      {!compact && <p class="help">{help}</p>}
    </div>
  );
}

export function Checkbox({ label, checked, onChange, help }: { label: ComponentChildren; checked: boolean; onChange: (checked: boolean) => void; help?: ComponentChildren }) {
  return (
    <label class="checkbox">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}{help && <small>{help}</small>}</span>
    </label>
  );
}

/** A few exclusive choices, all seen at once. */
export function Choice({ label, value, onChange, options }: { label: string; value: string; onChange: (value: string) => void; options: Option[] }) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="sr">{label}</legend>
      {options.map((each) => (
        <label key={each.value}><input type="radio" name={name} value={each.value} checked={each.value === value} onChange={() => onChange(each.value)} /><span>{each.label}</span></label>
      ))}
    </fieldset>
  );
}
