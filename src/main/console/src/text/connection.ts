/** How an instance is reached, as it is typed, and what of it the server is told. */
import type { Instance, TlsMode } from '../api/types';
import { hostProblem, portProblem } from './names';

export type SecretKind = 'password' | 'file' | 'none';

export interface Connection {
  host: string;
  port: string;
  user: string;
  secret: SecretKind;
  password: string;
  passwordFile: string;
  tlsMode: TlsMode;
  rootCertificate: string;
  /** What is known to the server already. */
  stored?: Instance;
}

export const NEW_CONNECTION: Connection = { host: '', port: '5432', user: '', secret: 'password', password: '', passwordFile: '', tlsMode: 'prefer', rootCertificate: '' };

export function connectionOf(stored: Instance): Connection {
  return {
    host: stored.host, port: String(stored.port), user: stored.user, tlsMode: stored.tlsMode, rootCertificate: stored.rootCertificate ?? '',
    secret: secretOf(stored), password: '', passwordFile: stored.passwordFile ?? '', stored,
  };
}

function secretOf(stored: Instance): SecretKind {
  return stored.passwordFile ? 'file' : stored.hasPassword ? 'password' : 'none';
}

const VERIFIES: TlsMode[] = ['verify-ca', 'verify-full'];

/** Whether a mode looks at the certificate. */
export function verifies(mode: TlsMode): boolean {
  return VERIFIES.includes(mode);
}

/** Whether the stored secret stays when none is given: the server sends it to no other host or port. */
export function keepsSecret(it: Connection): boolean {
  return it.stored !== undefined && it.secret === secretOf(it.stored) && it.host.trim() === it.stored.host && Number(it.port) === it.stored.port;
}

export function connectionReady(it: Connection): boolean {
  const secret = it.secret === 'none' || (it.secret === 'file' ? it.passwordFile.startsWith('/') : keepsSecret(it) || it.password !== '');
  return !hostProblem(it.host) && !portProblem(it.port) && it.user.trim() !== '' && secret;
}

/** As the server takes it: what is left out stays, what is empty goes. */
export function connectionBody(it: Connection): Record<string, unknown> {
  return {
    host: it.host.trim(), port: Number(it.port), user: it.user.trim(), tlsMode: it.tlsMode,
    ...secretBody(it),
    rootCertificate: verifies(it.tlsMode) ? it.rootCertificate.trim() : '',
  };
}

/** A secret that stays is not sent again: not everybody who may change the rest may set a password file. */
function secretBody(it: Connection): { password?: string; passwordFile?: string } {
  if (it.secret === 'file') return keepsSecret(it) && it.passwordFile === it.stored?.passwordFile ? {} : { passwordFile: it.passwordFile };
  if (it.secret === 'none') return keepsSecret(it) ? {} : { password: '' };
  return it.password === '' ? {} : { password: it.password };
}
