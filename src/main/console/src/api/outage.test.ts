import { expect, test } from 'vitest';
import { whatIsDown } from './outage';

const check = (name: string, status: string, reason?: string) => ({ name, status, data: { reason } });

test('the repository is away when the health of this node says so', () => {
  expect(whatIsDown({ checks: [check('nightshift', 'DOWN', 'The repository database is away.'), check('master key', 'UP')] })).toBe('repository');
});

test('a node that drains still answers', () => {
  expect(whatIsDown({ checks: [check('nightshift', 'DOWN', 'The node drains.'), check('master key', 'UP')] })).toBeNull();
});

test('a 503 that is not of Nightshift comes from something before it', () => {
  expect(whatIsDown(null)).toBe('server');
  expect(whatIsDown({})).toBe('server');
});
