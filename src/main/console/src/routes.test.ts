import { expect, test } from 'vitest';
import { address, parse, safeReturn } from './routes';

test.each([
  ['/', { page: 'home' }],
  ['/login', { page: 'login' }],
  ['/projects', { page: 'projects' }],
  ['/p/demo', { page: 'tonight', project: 'demo' }],
  ['/p/demo/runs', { page: 'runs', project: 'demo' }],
  ['/p/demo/runs/0193', { page: 'runs', project: 'demo', id: '0193' }],
  ['/p/demo/databases/new', { page: 'databases', project: 'demo', id: 'new' }],
  ['/p/demo/databases/-/new', { page: 'databases', project: 'demo', action: 'new' }],
  ['/p/demo/schedules/nightly/edit', { page: 'schedules', project: 'demo', id: 'nightly', action: 'edit' }],
  ['/p/demo/deletions', { page: 'deletions', project: 'demo' }],
  ['/p/demo/policies/gold', { page: 'policies', project: 'demo', id: 'gold' }],
  ['/p/demo/backup-keys', { page: 'backup-keys', project: 'demo' }],
  ['/p/demo/backup-keys/a07ab346', { page: 'missing', project: 'demo' }],
  ['/p/demo/findings/1', { page: 'missing', project: 'demo' }],
  ['/p/demo/statements', { page: 'missing', project: 'demo' }],
  ['/elsewhere', { page: 'missing' }],
])('%s leads to its page', (path, route) => expect(parse(path)).toEqual(route));

test('an address leads back to what it was made from', () => {
  expect(parse(address('demo', 'databases', undefined, 'new'))).toEqual({ page: 'databases', project: 'demo', action: 'new' });
  expect(parse(address('demo', 'backups', 'a b/c'))).toEqual({ page: 'backups', project: 'demo', id: 'a b/c' });
});

test('a broken escape is a missing page, not a broken console', () => expect(parse('/p/%E0%A4%A').page).toBe('missing'));

test('login leads back within the site only', () => {
  expect(['/p/demo/runs?status=FAILED', '//evil.example', '/\\evil.example', 'https://evil.example', '/login?from=/', null].map(safeReturn)).toEqual(['/p/demo/runs?status=FAILED', '/', '/', '/', '/', '/']);
});
