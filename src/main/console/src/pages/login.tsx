import { useState } from 'preact/hooks';
import { ended, login } from '../frame/session';
import { query } from '../router';
import { Button } from '../ui/bits';
import { useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Logo } from '../ui/icons';
import { Trouble } from '../ui/panel';

export function LoginPage() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { busy, problem, run, clear } = useAction(() => login(name.trim(), password));
  const ready = name.trim() !== '' && password !== '';
  return (
    <main class="login">
      <form class="form card" aria-label="Log in" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        <div class="login-head"><Logo size={44} /><div><h1 tabIndex={-1}>Nightshift</h1><p>The night crew for PostgreSQL</p></div></div>
        {!problem && (ended.value || query.value.has('from')) && <p class="hint" role="status">{ended.value && 'Your login has ended. '}Log in to go on where you were.</p>}
        <Field label="Name" value={name} autoFocus autoComplete="username" onInput={(value) => { setName(value); clear(); }} />
        <Field label="Password" type="password" value={password} autoComplete="current-password" onInput={(value) => { setPassword(value); clear(); }} />
        {problem && <Trouble problem={problem} />}
        <Button submit kind="primary" disabled={!ready} busy={busy ? 'Logging in…' : false}>Log in</Button>
      </form>
    </main>
  );
}
