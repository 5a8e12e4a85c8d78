import { useState } from 'preact/hooks';
import { path } from '../api/client';
import { useLoad } from '../api/load';
import type { Problem } from '../api/types';
import { ended, login } from '../frame/session';
import { query } from '../router';
import { Button, ButtonLink } from '../ui/bits';
import { useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Logo } from '../ui/icons';
import { Trouble } from '../ui/panel';

interface Logins {
  local: boolean;
  openId: { name: string } | null;
  problem: Problem | null;
}

export function LoginPage() {
  // A login by the provider that came to nothing leads back here with a code; the server has the words.
  const { data: logins } = useLoad<Logins>(path(['login'], { problem: query.value.get('problem') }));
  const { local = true, openId } = logins ?? {};
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { busy, problem, run, clear } = useAction(() => login(name.trim(), password));
  const trouble = problem ?? logins?.problem;
  const ready = local && name.trim() !== '' && password !== '';
  return (
    <main class="login">
      <form class="form card" aria-label="Log in" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="login-head"><Logo size={44} /><div><h1 tabIndex={-1}>Nightshift</h1><p>The night crew for PostgreSQL</p></div></div>
        {!trouble && (ended.value || query.value.has('from')) && <p class="hint" role="status">{ended.value && 'Your login has ended. '}Log in to go on where you were.</p>}
        {local && <Field label="Name" value={name} autoFocus autoComplete="username" onInput={(value) => { setName(value); clear(); }} />}
        {local && <Field label="Password" type="password" value={password} autoComplete="current-password" onInput={(value) => { setPassword(value); clear(); }} />}
        {trouble && <Trouble problem={trouble} />}
        {local && <Button submit kind="primary" disabled={!ready} busy={busy ? 'Logging in…' : false}>Log in</Button>}
        {openId && <ButtonLink href={`/api${path(['login', 'openid'], { from: query.value.get('from') })}`} kind={local ? undefined : 'primary'}>Log in with {openId.name}</ButtonLink>}
      </form>
    </main>
  );
}
