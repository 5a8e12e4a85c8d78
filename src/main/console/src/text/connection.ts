/** How an instance is reached, as it is typed, and what of it the server is told. */
import type { Instance, TlsMode } from '../api/types';
import { hostProblem, membersProblem, portProblem, tagsOf } from './names';

export type SecretKind = 'password' | 'file' | 'variable' | 'none';

export interface Connection {
  host: string;
  port: string;
  /** As typed, apart by commas. */
  members: string;
  user: string;
  secret: SecretKind;
  password: string;
  passwordFile: string;
  passwordVariable: string;
  tlsMode: TlsMode;
  rootCertificate: string;
  clientCertificate: string;
  clientKey: string;
  /** What is known to the server already. */
  stored?: Instance;
}

export const NEW_CONNECTION: Connection = {
  host: '', port: '5432', members: '', user: '', secret: 'password', password: '', passwordFile: '', passwordVariable: '',
  tlsMode: 'prefer', rootCertificate: '', clientCertificate: '', clientKey: '',
};

export function connectionOf(stored: Instance): Connection {
  return {
    host: stored.host, port: String(stored.port), members: stored.members.join(', '), user: stored.user, tlsMode: stored.tlsMode, rootCertificate: stored.rootCertificate ?? '',
    clientCertificate: stored.clientCertificate ?? '', clientKey: stored.clientKey ?? '',
    secret: secretOf(stored), password: '', passwordFile: stored.passwordFile ?? '', passwordVariable: stored.passwordVariable ?? '', stored,
  };
}

function secretOf(stored: Instance): SecretKind {
  return stored.passwordFile ? 'file' : stored.passwordVariable ? 'variable' : stored.hasPassword ? 'password' : 'none';
}

/** From the weakest to the strongest. */
const MODES: TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Whether a mode looks at the certificate. */
export function verifies(mode: TlsMode): boolean {
  return mode === 'verify-ca' || mode === 'verify-full';
}

/** Whether the stored login stays as it is when none is given: the server does not send it to others, or with less of a check. */
export function keepsSecret(it: Connection): boolean {
  return it.stored !== undefined && it.secret === secretOf(it.stored) && !moved(it, it.stored);
}

function moved(it: Connection, stored: Instance): boolean {
  const known = addresses(stored.host, stored.port, stored.members);
  return !addresses(it.host.trim(), Number(it.port), tagsOf(it.members)).every((each) => known.includes(each)) || it.user.trim() !== stored.user
    || MODES.indexOf(it.tlsMode) < MODES.indexOf(stored.tlsMode)
    || (verifies(it.tlsMode) && stored.rootCertificate !== null && it.rootCertificate.trim() === '');
}

/** Where a login is sent to: its host and port, and those of the other members. */
function addresses(host: string, port: number, members: string[]): string[] {
  return [`${host}:${port}`, ...members.map((each) => (/^(\[.*\]|[^:]*)$/.test(each) ? `${each}:${port}` : each).replace(/^\[(.*)\]/, '$1'))];
}

/** The problem with the name of a variable, or null. */
export function variableProblem(name: string): string | null {
  return /^NIGHTSHIFT_CREDENTIAL_[A-Z0-9_]{1,63}$/.test(name) ? null : 'NIGHTSHIFT_CREDENTIAL_ and capital letters, digits or underscores.';
}

/** The problem with a client certificate's files, or null; there may be none. */
export function certificateProblem(it: Connection): string | null {
  const files = it.tlsMode === 'disable' ? [] : [it.clientCertificate, it.clientKey].filter((file) => file !== '');
  return files.length === 1 || files.some((file) => !file.startsWith('/')) ? 'Certificate and key, each as an absolute path.' : null;
}

export function connectionReady(it: Connection): boolean {
  const secret = it.secret === 'none' || (it.secret === 'file' ? it.passwordFile.startsWith('/')
    : it.secret === 'variable' ? !variableProblem(it.passwordVariable) : keepsSecret(it) || it.password !== '');
  return !hostProblem(it.host) && !portProblem(it.port) && !membersProblem(it.members) && it.user.trim() !== '' && secret && !certificateProblem(it);
}

/** As the server takes it: what is left out stays, what is empty goes. */
export function connectionBody(it: Connection): Record<string, unknown> {
  return {
    host: it.host.trim(), port: Number(it.port), user: it.user.trim(), tlsMode: it.tlsMode,
    ...membersBody(it),
    ...secretBody(it),
    ...fileBody(it, 'rootCertificate', verifies(it.tlsMode)),
    ...fileBody(it, 'clientCertificate', it.tlsMode !== 'disable'),
    ...fileBody(it, 'clientKey', it.tlsMode !== 'disable'),
  };
}

function membersBody(it: Connection): { members?: string[] } {
  const members = tagsOf(it.members);
  return members.join() === (it.stored?.members ?? []).join() ? {} : { members };
}

/** What stays is not sent again: not everybody who may change the rest may name files and variables. */
function fileBody(it: Connection, field: 'rootCertificate' | 'clientCertificate' | 'clientKey', used: boolean): Record<string, string> {
  const file = used ? it[field].trim() : '';
  return file === (it.stored?.[field] ?? '') ? {} : { [field]: file };
}

function secretBody(it: Connection): Record<string, string> {
  if (it.secret === 'file') return keepsSecret(it) && it.passwordFile === it.stored?.passwordFile ? {} : { passwordFile: it.passwordFile };
  if (it.secret === 'variable') return keepsSecret(it) && it.passwordVariable === it.stored?.passwordVariable ? {} : { passwordVariable: it.passwordVariable };
  if (it.secret === 'none') return keepsSecret(it) ? {} : { password: '' };
  return it.password === '' ? {} : { password: it.password };
}
