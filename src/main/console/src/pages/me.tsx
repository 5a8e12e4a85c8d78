import { useState } from 'preact/hooks';
import { me, path, put } from '../api/client';
import { nextTheme, theme, utc } from '../prefs';
import { passwordProblem } from '../text/names';
import { words } from '../text/format';
import { Button, ButtonLink, Card, Facts, PageHead } from '../ui/bits';
import { notify, useAction } from '../ui/dialog';
import { Checkbox, Field } from '../ui/field';
import { Trouble } from '../ui/panel';
import { OwnSessions } from './sessions';

export function MePage() {
  const person = me.value!;
  return (
    <>
      <PageHead title="Profile" sub={person.name} />
      <div class="grid">
        <Card title="Password" span={6}>{person.kind === 'KEY' || person.openId ? <p class="muted">{person.openId ? 'You log in by OpenID: there is no password of yours here.' : 'An API key has no password.'}</p> : <PasswordForm />}</Card>
        <div class="span-6 stack">
          <Card title="Roles">
            <Facts items={[
              ['Installation', person.installationAdmin ? 'administers it, and every project' : 'no role'],
              ...person.projects.map((each): [string, string] => [each.displayName || each.name, words(each.role.toLowerCase())]),
            ]} />
            {person.kind !== 'KEY' && <div class="actions"><ButtonLink icon="download" href={`/api${path(['people', person.name, 'data'])}`} download>What is kept of you</ButtonLink></div>}
          </Card>
          <Card title="In this browser">
            <Checkbox label="Times in UTC" help={`Otherwise ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`} checked={utc.value} onChange={(on) => { utc.value = on; }} />
            <div class="actions"><Button icon={theme.value} onClick={nextTheme}>Theme: {theme.value === 'system' ? 'as the system' : theme.value}</Button></div>
          </Card>
        </div>
      </div>
      {person.kind !== 'KEY' && <OwnSessions />}
    </>
  );
}

function PasswordForm() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const { busy, problem, run, clear } = useAction(() => put('/me/password', { current, new: next }), () => {
    setCurrent('');
    setNext('');
    setAgain('');
    notify('The password is changed.');
  });
  const ready = current !== '' && !passwordProblem(next) && next === again;
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
      <input class="sr" type="text" autoComplete="username" value={me.value!.name} readOnly tabIndex={-1} aria-hidden="true" />
      <Field label="Current password" type="password" autoComplete="current-password" value={current} onInput={(value) => { setCurrent(value); clear(); }} />
      <Field label="New password" type="password" autoComplete="new-password" value={next} onInput={setNext} help="At least 12 characters; length is what counts." error={next ? passwordProblem(next) : null} />
      <Field label="New password again" type="password" autoComplete="new-password" value={again} onInput={setAgain} error={again && again !== next ? 'The two differ.' : null} />
      {problem && <Trouble problem={problem} />}
      <div class="actions end"><Button submit kind="primary" disabled={!ready} busy={busy ? 'Changing…' : false}>Change the password</Button></div>
    </form>
  );
}
