import type { StoreInfo } from '../api/backups';
import type { Problem } from '../api/types';
import { project } from '../frame/session';
import { describeCron } from '../text/cron';
import { EACH_STORE, WORKS, isBackup, isDrill, nameOf, typedProblem } from '../text/policies';
import type { Typed } from '../text/policies';
import { zones } from '../text/zone';
import { Button } from '../ui/bits';
import { Field, Select } from '../ui/field';

const MOST_SCHEDULES = 20;
const MOST_STORES = 6;

/** What a policy has done, and when. */
export function ScheduleRows({ typed, all, onChange, refused }: { typed: Typed[]; all: StoreInfo[] | null; onChange: (typed: Typed[]) => void; refused: Problem | null }) {
  const change = (at: number, part: Partial<Typed>) => onChange(typed.map((each, index) => (index === at ? { ...each, ...part } : each)));
  const said = (at: number, field: string) => (refused?.field?.startsWith(`schedules[${at}].${field}`) ? refused.detail : null);
  return (
    <fieldset class="form">
      <legend>What is done, and when</legend>
      {typed.length === 0 && <p class="muted small">Nothing by this policy: it only watches. Plan it as schedules of their own, or add it here.</p>}
      {typed.map((each, at) => {
        const problem = typedProblem(each, typed);
        return (
          <fieldset key={at} class="form policy-work">
            <legend class="sr">{`Schedule ${at + 1}`}</legend>
            <div class="form-grid">
              <Select label="Does" value={each.work} onChange={(work) => change(at, { work, ...(each.name === nameOf({ ...each, name: '' }) && { name: '' }) })} options={Object.entries(WORKS).map(([value, label]) => ({ value, label }))} help={said(at, 'work')} />
              <Field label="When" value={each.cron} onInput={(cron) => change(at, { cron })} mono help={`${describeCron(each.cron)}.`} error={problem?.cron} refused={said(at, 'cron')} />
              <Field label="Time zone" value={each.zone} onInput={(zone) => change(at, { zone })} list={zones()} error={problem?.zone} refused={said(at, 'zone')} />
              <Field label="Days left out" value={each.except} onInput={(except) => change(at, { except })} required={false} mono placeholder="12-24" error={problem?.except} refused={said(at, 'except')} />
              <Field label="Name" value={each.name} onInput={(name) => change(at, { name })} required={false} mono placeholder={nameOf({ ...each, name: '' })} error={problem?.name} refused={said(at, 'name') ?? problem?.name ?? null} />
              {isBackup(each.work) && <Field label="Rate limit" value={each.rate} onInput={(rate) => change(at, { rate })} required={false} mono placeholder="none" error={problem?.rate} refused={said(at, 'rateLimitKilobytesPerSecond') ?? problem?.rate ?? null} help="Kilobytes a second taken from each server at most, and then read for its copies." />}
              {isDrill(each.work) && <>
                <Select label="Reads from" value={each.from} onChange={(from) => change(at, { from })} options={sources(each.from, all)} help={said(at, 'from') ?? 'Another store than the first shows that its copy restores.'} />
                <Field label="Recovery kit" value={each.kit} onInput={(kit) => change(at, { kit })} required={false} mono error={problem?.kit} refused={said(at, 'kit') ?? problem?.kit ?? null} help="A file on Nightshift’s machine; without one the project’s keys open what is read." />
                <Field label="Passphrase file" value={each.passphraseFile} onInput={(passphraseFile) => change(at, { passphraseFile })} required={false} mono error={problem?.passphraseFile} refused={said(at, 'passphraseFile') ?? problem?.passphraseFile ?? null} help="Likewise: the kit’s passphrase is its first line." />
              </>}
              <div class="actions end"><Button kind="quiet" label={`Remove schedule ${at + 1}`} onClick={() => onChange(typed.filter((_, index) => index !== at))}>Remove</Button></div>
            </div>
          </fieldset>
        );
      })}
      {typed.length < MOST_SCHEDULES && <div class="actions"><Button icon="plus" onClick={() => onChange([...typed, { name: '', work: unused(typed), cron: '0 2 * * *', zone: typed[typed.length - 1]?.zone ?? project.value!.timeZone, except: '', from: '', kit: '', passphraseFile: '', rate: '' }])}>Add what is done</Button></div>}
    </fieldset>
  );
}

/** Where a drill can read; a store that is gone is shown until another one is chosen. */
function sources(chosen: string, all: StoreInfo[] | null) {
  const stores = (all ?? []).map((each) => each.name);
  return [{ value: '', label: 'The store that took it' }, { value: EACH_STORE, label: 'Each store that holds it' }, ...stores, ...(chosen && chosen !== EACH_STORE && !stores.includes(chosen) ? [chosen] : [])];
}

function unused(typed: Typed[]): string {
  return ['FULL', 'DRILL_NEWEST', 'EXPIRE', ...Object.keys(WORKS)].find((work) => typed.every((each) => each.work !== work)) ?? 'FULL';
}

/** Where the scheduled backups go, in their order; a store that is gone is shown until it is taken out. Null while the stores are not known. */
export function StoreOrder({ chosen, all, onChange, refused }: { chosen: string[]; all: StoreInfo[] | null; onChange: (chosen: string[]) => void; refused: Problem | null }) {
  const rest = (all ?? []).map((each) => each.name).filter((name) => !chosen.includes(name));
  return (
    <fieldset class="form">
      <legend>Stores of its scheduled backups</legend>
      {chosen.length === 0 ? <p class="muted small">None named: backups go to local alone.</p> : (
        <ol class="plain policy-stores">
          {chosen.map((name, at) => (
            <li key={name}>
              <span><b>{name}</b> <span class="muted">{at === 0 ? 'takes it' : 'gets a copy'}{all?.every((each) => each.name !== name) && ', but is no longer known'}</span></span>
              <span class="row-acts">{at > 0 && <Button kind="quiet" label={`Make it the first: ${name}`} onClick={() => onChange([name, ...chosen.filter((each) => each !== name)])}>Make it the first</Button>}<Button kind="quiet" label={`Leave out ${name}`} onClick={() => onChange(chosen.filter((each) => each !== name))}>Leave out</Button></span>
            </li>
          ))}
        </ol>
      )}
      {refused?.field?.startsWith('stores') && <div class="field wrong"><p class="help" role="alert">{refused.detail}</p></div>}
      {rest.length > 0 && chosen.length < MOST_STORES && <Select label="Add a store" value="" onChange={(name) => { if (name) onChange([...chosen, name]); }} options={[{ value: '', label: 'Choose one' }, ...rest]} help="A backup is taken to the first and copied to the others, a logical one too." />}
    </fieldset>
  );
}
