import { expect, test } from 'vitest';
import type { Instance } from '../api/types';
import { NEW_CONNECTION, connectionBody, connectionOf, connectionReady } from './connection';

const stored = (more: Partial<Instance>): Instance => ({
  id: '1', name: 'shop', host: 'db-1', port: 5432, members: [], tlsMode: 'verify-full', rootCertificate: '/etc/root.crt', user: 'nightshift', hasPassword: false, passwordFile: null, passwordVariable: null, clientCertificate: null, clientKey: null,
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
  expect(secretIn(connectionBody({ ...known, tlsMode: 'verify-full' }))).toEqual({});
  expect(secretIn(connectionBody({ ...known, user: 'other' }))).toEqual({ passwordFile: '/run/secrets/shop' });
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

test('a stored password is asked for again for another user and for less of a check who answers', () => {
  const known = connectionOf(stored({ hasPassword: true }));
  const ready = (change: Partial<typeof known>) => connectionReady({ ...known, ...change });
  expect([ready({ user: 'other' }), ready({ tlsMode: 'verify-ca' }), ready({ rootCertificate: '' }), ready({ host: 'db-2' })]).toEqual([false, false, false, false]);
  expect([ready({ rootCertificate: '/etc/next.crt' }), ready({ tlsMode: 'verify-ca', password: 'again' })]).toEqual([true, true]);
});

test('a variable has the name of one that is meant for passwords, and is sent where it changes', () => {
  const known = connectionOf(stored({ passwordVariable: 'NIGHTSHIFT_CREDENTIAL_SHOP' }));
  expect([connectionReady(known), secretIn(connectionBody(known))]).toEqual([true, {}]);
  expect(connectionReady({ ...known, passwordVariable: 'NIGHTSHIFT_MASTER_KEY' })).toBe(false);
  expect(secretIn(connectionBody({ ...known, passwordVariable: 'NIGHTSHIFT_CREDENTIAL_NEXT' }))).toEqual({ passwordVariable: 'NIGHTSHIFT_CREDENTIAL_NEXT' });
});

test('a client certificate comes with its key, is sent where it changes, and goes without TLS', () => {
  const known = connectionOf(stored({ clientCertificate: '/c/a.crt', clientKey: '/c/a.key' }));
  expect([connectionReady(known), connectionBody(known).clientKey]).toEqual([true, undefined]);
  expect(connectionReady({ ...known, clientKey: '' })).toBe(false);
  expect(connectionBody({ ...known, clientKey: '/c/b.key' }).clientKey).toBe('/c/b.key');
  expect(connectionBody({ ...known, tlsMode: 'disable' })).toMatchObject({ clientCertificate: '', clientKey: '', rootCertificate: '' });
});

test('a root certificate that stays is not sent, and an emptied one is, so that it goes', () => {
  const known = connectionOf(stored({}));
  expect(connectionBody(known).rootCertificate).toBeUndefined();
  expect(connectionBody({ ...known, rootCertificate: '' }).rootCertificate).toBe('');
});

test('further members are sent where they change, and a stored password goes to no new one', () => {
  const known = connectionOf(stored({ hasPassword: true, members: ['db-2', '[::1]:5433'] }));
  const ready = (change: Partial<typeof known>) => connectionReady({ ...known, ...change });
  expect([known.members, connectionBody(known).members]).toEqual(['db-2, [::1]:5433', undefined]);
  expect(connectionBody({ ...known, members: 'db-2:5432,db-3' }).members).toEqual(['db-2:5432', 'db-3']);
  expect(connectionBody({ ...known, members: '' }).members).toEqual([]);
  expect([ready({}), ready({ members: 'db-2:5432' }), ready({ members: '' }), ready({ host: 'db-2', members: 'db-1' })]).toEqual([true, true, true, true]);
  expect([ready({ members: 'db-2, db-3' }), ready({ members: 'db-2:5433' }), ready({ members: 'db-2, db-3', password: 'again' })]).toEqual([false, false, true]);
  expect([connectionReady({ ...NEW_CONNECTION, host: 'db-1', user: 'me', password: 'p' }), connectionBody(NEW_CONNECTION).members]).toEqual([true, undefined]);
});
