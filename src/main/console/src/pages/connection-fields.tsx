import { me } from '../api/client';
import type { Problem, TlsMode } from '../api/types';
import { hostProblem, needed, portProblem } from '../text/names';
import { Choice, Field, Select } from '../ui/field';

export interface Connection {
  host: string;
  port: string;
  user: string;
  secret: 'password' | 'file';
  password: string;
  passwordFile: string;
  tlsMode: TlsMode;
  rootCertificate: string;
}

export const NEW_CONNECTION: Connection = { host: '', port: '5432', user: '', secret: 'password', password: '', passwordFile: '', tlsMode: 'prefer', rootCertificate: '' };

const TLS: { value: TlsMode; label: string; help: string }[] = [
  { value: 'verify-full', label: 'verify-full', help: 'Encrypted; certificate and host name are checked. The best choice over a network.' },
  { value: 'verify-ca', label: 'verify-ca', help: 'Encrypted; the certificate is checked, the host name is not.' },
  { value: 'require', label: 'require', help: 'Encrypted, but whoever answers is believed.' },
  { value: 'prefer', label: 'prefer', help: 'Encrypted where the server can, otherwise in the clear.' },
  { value: 'disable', label: 'disable', help: 'In the clear: for a server on this machine only.' },
];

const VERIFIES: TlsMode[] = ['verify-ca', 'verify-full'];

export function connectionReady(it: Connection, keepsSecret: boolean): boolean {
  const secret = it.secret === 'file' ? it.passwordFile.startsWith('/') : keepsSecret || it.password !== '';
  return !hostProblem(it.host) && !portProblem(it.port) && it.user.trim() !== '' && secret;
}

/** As the server takes it: one of password and password file, neither when the stored one stays. */
export function connectionBody(it: Connection): Record<string, unknown> {
  return {
    host: it.host.trim(), port: Number(it.port), user: it.user.trim(), tlsMode: it.tlsMode,
    ...(it.secret === 'file' ? { passwordFile: it.passwordFile } : it.password ? { password: it.password } : {}),
    rootCertificate: VERIFIES.includes(it.tlsMode) && it.rootCertificate ? it.rootCertificate : null,
  };
}

export function ConnectionFields({ value, onChange, problem, keepsSecret }: { value: Connection; onChange: (value: Connection) => void; problem?: Problem; keepsSecret?: boolean }) {
  const set = (change: Partial<Connection>) => onChange({ ...value, ...change });
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <>
      <div class="form-grid host">
        <Field label="Host" value={value.host} onInput={(host) => set({ host })} mono placeholder="db-1.example.org" error={hostProblem(value.host)} refused={refused('host')} />
        <Field label="Port" value={value.port} onInput={(port) => set({ port })} mono numeric error={portProblem(value.port)} refused={refused('port')} />
      </div>
      <Field label="User" value={value.user} onInput={(user) => set({ user })} mono help="A role with least privileges is enough; the test names what is missing." error={needed(value.user, 'A user')} refused={refused('user')} />
      {(me.value!.installationAdmin || value.secret === 'file') && <Choice label="Where the password is" value={value.secret} onChange={(secret) => set({ secret: secret as Connection['secret'] })} options={[{ value: 'password', label: 'Password' }, { value: 'file', label: 'Password file' }]} />}
      {value.secret === 'password'
        ? <Field label="Password" type="password" autoComplete="new-password" value={value.password} onInput={(password) => set({ password })} required={keepsSecret ? false : undefined} help={keepsSecret ? 'Empty keeps the stored one.' : 'Kept encrypted under the master key; never shown again.'} refused={refused('password')} />
        : <Field label="Password file" mono value={value.passwordFile} onInput={(passwordFile) => set({ passwordFile })} placeholder="/run/secrets/shop" help="Read on the Nightshift node at each connection." error={value.passwordFile.startsWith('/') ? null : 'An absolute path.'} refused={refused('passwordFile')} />}
      <Select label="TLS" value={value.tlsMode} onChange={(tlsMode) => set({ tlsMode: tlsMode as TlsMode })} options={TLS} help={TLS.find((each) => each.value === value.tlsMode)?.help} />
      {VERIFIES.includes(value.tlsMode) && <Field label="Root certificate" mono required={false} value={value.rootCertificate} onInput={(rootCertificate) => set({ rootCertificate })} placeholder="/etc/nightshift/root.crt" help="A file on the node; empty uses the Java trust store." refused={refused('rootCertificate')} />}
    </>
  );
}
