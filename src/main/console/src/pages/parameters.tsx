import type { Job, Parameter, Values } from '../api/types';
import { bytes } from '../text/format';
import { Checkbox, Field, Select } from '../ui/field';

export type Texts = Record<string, string>;

/** What a form starts with: the job's defaults, or what is already chosen. */
export function textsOf(job: Job | undefined, values: Values = {}): Texts {
  return Object.fromEntries((job?.parameters ?? []).map((each) => [each.name, String(values[each.name] ?? each.defaultValue ?? (each.type === 'BOOLEAN' ? 'false' : ''))]));
}

/** Why a text cannot be the parameter's value, or null. */
export function parameterProblem(parameter: Parameter, text: string): string | null {
  if (text.trim() === '') return parameter.required ? `${parameter.label} is needed.` : null;
  if (parameter.name === 'folder' && !text.trim().startsWith('/')) return 'An absolute path, starting with /.';
  if (parameter.type !== 'INTEGER') return null;
  if (!/^-?\d+$/.test(text.trim())) return 'A whole number is needed.';
  const value = Number(text);
  const { min, max } = parameter;
  if (min != null && value < min) return max != null ? `From ${min} to ${max}.` : `At least ${min}.`;
  if (max != null && value > max) return min != null ? `From ${min} to ${max}.` : `At most ${max}.`;
  return null;
}

/** Only what was given: an empty field leaves the server's default. */
export function valuesOf(job: Job, texts: Texts): Values {
  const values: Values = {};
  for (const { name, type } of job.parameters) {
    const text = (texts[name] ?? '').trim();
    if (type === 'BOOLEAN') values[name] = text === 'true';
    else if (text !== '') values[name] = type === 'INTEGER' ? Number(text) : text;
  }
  return values;
}

export function ParameterFields({ job, texts, onChange, refused, locked = [] }: {
  job: Job; texts: Texts; onChange: (texts: Texts) => void; refused?: { field?: string; detail: string }; locked?: string[];
}) {
  const shown = job.parameters.filter((each) => !locked.includes(each.name));
  if (shown.length === 0) return null;
  return <div class={shown.length > 1 ? 'form-grid' : 'form'}>{shown.map((each) => <ParameterField key={each.name} parameter={each} text={texts[each.name] ?? ''} onChange={(text) => onChange({ ...texts, [each.name]: text })} refused={refused?.field?.endsWith(each.name) ? refused.detail : null} />)}</div>;
}

function ParameterField({ parameter, text, onChange, refused }: { parameter: Parameter; text: string; onChange: (text: string) => void; refused: string | null }) {
  const { type, label, help, choices, required, name } = parameter;
  if (type === 'BOOLEAN') return <Checkbox label={label} help={help} checked={text === 'true'} onChange={(checked) => onChange(String(checked))} />;
  if (type === 'CHOICE') return <Select label={label} value={text} onChange={onChange} help={help} options={[...(required ? [] : [{ value: '', label: 'As usual' }]), ...(choices ?? [])]} />;
  const size = type === 'INTEGER' && /(^|[a-z])Bytes|^bytes/.test(name) && /^\d+$/.test(text.trim()) ? ` That is ${bytes(Number(text))}${/persecond/i.test(name) ? ' a second' : ''}.` : '';
  return <Field label={label} value={text} onInput={onChange} required={required} numeric={type === 'INTEGER'} mono={type === 'TEXT'} help={`${help ?? ''}${size}`} error={parameterProblem(parameter, text)} refused={refused} />;
}
