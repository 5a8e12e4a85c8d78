import { me } from '../api/client';
import type { Problem, TlsMode } from '../api/types';
import { certificateProblem, keepsSecret, variableProblem, verifies } from '../text/connection';
import type { Connection, SecretKind } from '../text/connection';
import { hostProblem, membersProblem, needed, portProblem } from '../text/names';
import { Choice, Field, Select } from '../ui/field';

const TLS: { value: TlsMode; label: string; help: string }[] = [
  { value: 'verify-full', label: 'verify-full', help: 'Encrypted; certificate and host name are checked. The best choice over a network.' },
  { value: 'verify-ca', label: 'verify-ca', help: 'Encrypted; the certificate is checked, the host name is not.' },
  { value: 'require', label: 'require', help: 'Encrypted, but whoever answers is believed.' },
  { value: 'prefer', label: 'prefer', help: 'Encrypted where the server can, otherwise in the clear.' },
  { value: 'disable', label: 'disable', help: 'In the clear: for a server on this machine only.' },
];

export function ConnectionFields({ value, onChange, problem }: { value: Connection; onChange: (value: Connection) => void; problem?: Problem }) {
  const set = (change: Partial<Connection>) => onChange({ ...value, ...change });
  const keeps = keepsSecret(value);
  const { stored } = value;
  // Files and variables of the node are named by installation admins; others see what is there
  const admin = me.value!.installationAdmin;
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <>
      <div class="form-grid host">
        <Field label="Host" value={value.host} onInput={(host) => set({ host })} mono placeholder="db-1.example.org" error={hostProblem(value.host)} refused={refused('host')} />
        <Field label="Port" value={value.port} onInput={(port) => set({ port })} mono numeric error={portProblem(value.port)} refused={refused('port')} />
      </div>
      <Field label="Other members of its cluster" value={value.members} onInput={(members) => set({ members })} mono required={false} placeholder="db-2.example.org, db-3.example.org:5433" help="Standbys that may be promoted, apart by commas; work is done on the one that is the primary." error={membersProblem(value.members)} refused={problem?.field?.startsWith('members') ? problem.detail : null} />
      <Field label="User" value={value.user} onInput={(user) => set({ user })} mono help="A role with least privileges is enough; the test names what is missing." error={needed(value.user, 'A user')} refused={refused('user')} />
      <Choice label="Where the password is" value={value.secret} onChange={(secret) => set({ secret: secret as SecretKind })}
        options={[
          { value: 'password', label: 'Password' },
          ...(admin || stored?.passwordFile ? [{ value: 'file', label: 'Password file' }] : []),
          ...(admin || stored?.passwordVariable ? [{ value: 'variable', label: 'Variable' }] : []),
          { value: 'none', label: 'No password' },
        ]} />
      {value.secret === 'password' && <Field label="Password" type="password" autoComplete="new-password" value={value.password} onInput={(password) => set({ password })} required={keeps ? false : undefined} help={keeps ? 'Empty keeps the stored one.' : stored?.hasPassword ? 'Needed again: the stored one stays with its servers, user and TLS.' : 'Kept encrypted under the master key; never shown again.'} refused={refused('password')} />}
      {value.secret === 'file' && <Field label="Password file" mono value={value.passwordFile} onInput={(passwordFile) => set({ passwordFile })} placeholder="/srv/nightshift/credentials/shop" help="Read on the Nightshift node at each connection." error={value.passwordFile.startsWith('/') ? null : 'An absolute path.'} refused={refused('passwordFile')} />}
      {value.secret === 'variable' && <Field label="Variable" mono value={value.passwordVariable} onInput={(passwordVariable) => set({ passwordVariable })} placeholder="NIGHTSHIFT_CREDENTIAL_SHOP" help="Of the environment that each node is started with." error={variableProblem(value.passwordVariable)} refused={refused('passwordVariable')} />}
      <Select label="TLS" value={value.tlsMode} onChange={(tlsMode) => set({ tlsMode: tlsMode as TlsMode })} options={TLS} help={TLS.find((each) => each.value === value.tlsMode)?.help} />
      {admin && verifies(value.tlsMode) && <Field label="Root certificate" mono required={false} value={value.rootCertificate} onInput={(rootCertificate) => set({ rootCertificate })} placeholder="/srv/nightshift/credentials/root.crt" help="A file on the node; empty uses the Java trust store." refused={refused('rootCertificate')} />}
      {admin && value.tlsMode !== 'disable' && (
        <>
          <Field label="Client certificate" mono required={false} value={value.clientCertificate} onInput={(clientCertificate) => set({ clientCertificate })} placeholder="/srv/nightshift/credentials/shop.crt" help="A file on the node, PEM, where the server asks for one." error={certificateProblem(value)} refused={refused('clientCertificate')} />
          <Field label="Client key" mono required={false} value={value.clientKey} onInput={(clientKey) => set({ clientKey })} placeholder="/srv/nightshift/credentials/shop.key" help="PEM in PKCS #8, without a passphrase." refused={refused('clientKey')} />
        </>
      )}
    </>
  );
}
