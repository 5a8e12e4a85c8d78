import { expect, test } from 'vitest';
import type { Instance } from '../api/types';
import { NEW_CONNECTION, connectionBody, connectionOf, connectionReady } from './connection';

const stored = (more: Partial<Instance>): Instance => ({
  id: '1', name: 'shop', host: 'db-1', port: 5432, tlsMode: 'verify-full', rootCertificate: '/etc/root.crt', user: 'nightshift', hasPassword: false, passwordFile: null,
  maintenanceDatabase: 'postgres', serverVersion: '17.6', systemIdentifier: '1', tags: [], proofDays: 7, breaker: null, pool: null, databases: [], ...more,
});
const secretIn = (body: Record<string, unknown>) => Object.fromEntries(Object.entries(body).filter(([key]) => key.startsWith('password')));

test('an instance without a password is saved as it is, and a new one may have none', () => {
  const known = connectionOf(stored({}));
  expect([connectionReady(known), secretIn(connectionBody(known))]).toEqual([true, {}]);
  const added = { ...NEW_CONNECTION, host: 'db-2', user: 'nightshift', secret: 'none' as const };
  expect([connectionReady(added), secretIn(connectionBody(added))]).toEqual([true, { password: '' }]);
  expect(connectionReady({ ...added, secret: 'password' })).toBe(false);
});

test('a password file is sent only where it changes, or the server does', () => {
  const known = connectionOf(stored({ passwordFile: '/run/secrets/shop' }));
  expect(secretIn(connectionBody({ ...known, user: 'other' }))).toEqual({});
  expect(secretIn(connectionBody({ ...known, passwordFile: '/run/secrets/other' }))).toEqual({ passwordFile: '/run/secrets/other' });
  expect(secretIn(connectionBody({ ...known, host: 'db-2' }))).toEqual({ passwordFile: '/run/secrets/shop' });
  expect(secretIn(connectionBody({ ...known, secret: 'none' }))).toEqual({ password: '' });
});

test('a stored password stays unless another is typed, and is asked for again for another server', () => {
  const known = connectionOf(stored({ hasPassword: true }));
  expect([connectionReady(known), secretIn(connectionBody(known))]).toEqual([true, {}]);
  expect(secretIn(connectionBody({ ...known, password: 'new' }))).toEqual({ password: 'new' });
  expect([connectionReady({ ...known, port: '5433' }), connectionReady({ ...known, port: '5433', password: 'again' })]).toEqual([false, true]);
});

test('an emptied root certificate is sent, so that it goes', () => {
  const known = connectionOf(stored({}));
  expect(connectionBody(known).rootCertificate).toBe('/etc/root.crt');
  expect(connectionBody({ ...known, rootCertificate: '' }).rootCertificate).toBe('');
});
