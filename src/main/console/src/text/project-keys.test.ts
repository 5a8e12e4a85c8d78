import { describe, expect, test } from 'vitest';
import type { ProjectKey } from '../api/project-keys';
import type { AuditEntry } from '../api/types';
import { headerOf, lastKitHolds, lookOfKey, passphraseProblem, usesOf, whyNotDestroy, whyNotRewrap, wrapped, wrappedWords } from './project-keys';

const key = (id: string, more: Partial<ProjectKey> = {}): ProjectKey => ({ id, madeAt: '', primary: false, exportedAt: '2026-11-01T00:00:00Z', backups: 0, logs: 0, ...more });
const fresh = key('new', { primary: true, backups: 2, exportedAt: null });
const old = key('old', { backups: 10, logs: 1 });

test('a key says what it is good for', () => {
  expect([fresh, old, key('gone')].map((each) => lookOfKey(each).word)).toEqual(['wraps what is new', 'opens what is older', 'opens nothing that is known']);
  expect([old, fresh, key('gone'), key('log', { logs: 2 })].map(usesOf)).toEqual(['10 backups and 1 archived log', '2 backups', 'nothing', '2 archived logs']);
});

test('how much opens by the newest key is counted, and nothing is no share', () => {
  expect(wrapped([fresh, old])).toEqual({ share: 2 / 13, done: 2, total: 13 });
  expect(wrapped([key('new', { primary: true })])).toBeNull();
  expect(wrappedWords([fresh, old])).toBe('By the catalogue, 2 of 13 backups and archived logs open by the newest key, 11 by older ones.');
  expect(wrappedWords([fresh])).toBe('By the catalogue, 2 backups open by the newest key, none by an older one.');
});

describe('the guards', () => {
  const held = { ...fresh, exportedAt: '2026-11-02T00:00:00Z' };
  test('nothing is wrapped anew before a kit holds the newest key', () => {
    expect(whyNotRewrap([fresh, old])).toContain('recovery kit first');
    expect(whyNotRewrap([held, old])).toBeNull();
    // The catalogue does not know what copies open by
    expect(whyNotRewrap([held, key('gone')])).toBeNull();
    expect(whyNotRewrap([held])).toContain('no older key');
  });
  test('a key stays while anything opens by it, or the newest is in no kit', () => {
    expect(whyNotDestroy(old, [held, old])).toBe('wrap anew first');
    expect(whyNotDestroy(key('gone'), [fresh, key('gone')])).toBe('make a kit with the newest key first');
    expect(whyNotDestroy(key('gone'), [held, key('gone')])).toBeNull();
    expect(whyNotDestroy(held, [held])).toBe('it wraps what is new');
  });
});

test('a passphrase has 20 to 1,000 characters', () => {
  expect(passphraseProblem('five words')).toBe('At least 20 characters; 10 to go.');
  expect(passphraseProblem('x'.repeat(20))).toBeNull();
  expect(passphraseProblem('x'.repeat(1001))).toBe('At most 1,000 characters.');
});

test('a kit tells whose it is; anything else is named for what it is', () => {
  expect(headerOf('{"format":"nightshift-recovery-kit","projectName":"shop","madeAt":"2026-11-01T00:00:00Z","content":"x"}')).toEqual({ projectName: 'shop', madeAt: '2026-11-01T00:00:00Z' });
  expect(headerOf('{"format":"nightshift-project-keys"}')).toContain('not a kit');
  expect(headerOf('{"format":"other"}')).toBe('This file is not a recovery kit.');
  expect(headerOf('{"format":"nightshift-recov')).toContain('not JSON');
  expect(headerOf('{"format":"nightshift-recovery-kit","projectName":"x","madeAt":"soon"}')).toBe('This file is not a recovery kit.');
  expect(headerOf(`{"format":"nightshift-recovery-kit","projectName":"${'x'.repeat(64)}","madeAt":"2026-11-01T00:00:00Z"}`)).toBe('This file is not a recovery kit.');
  expect(headerOf('"'.repeat(600_000))).toContain('larger than');
  expect(headerOf('null')).toContain('not a recovery kit');
});

test('the last kit holds the newest key where the audit log says so', () => {
  const entry = (details: Record<string, unknown>) => ({ details }) as unknown as AuditEntry;
  expect(lastKitHolds(entry({ keys: ['old', 'new'] }), [fresh, old])).toBe(true);
  expect(lastKitHolds(entry({ keys: ['old'] }), [fresh, old])).toBe(false);
  expect(lastKitHolds(entry({}), [fresh, old])).toBe(false);
});
