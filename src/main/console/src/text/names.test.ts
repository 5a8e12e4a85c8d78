import { expect, test } from 'vitest';
import { hostProblem, nameProblem, passwordProblem, portProblem, tagsOf } from './names';

test('a name that the server would refuse is refused while typing', () => {
  for (const good of ['a', 'shop', 'shop-2', 'a--b']) expect(nameProblem(good)).toBeNull();
  for (const bad of ['', 'Shop', '2shop', 'shop_2', 'shop-', 'a'.repeat(64)]) expect(nameProblem(bad)).not.toBeNull();
});

test('a tag may hold spaces; commas part tags', () => {
  expect(tagsOf(' data center 2,gold ,, production')).toEqual(['data center 2', 'gold', 'production']);
});

test('hosts, ports and passwords say their rule', () => {
  expect([hostProblem('db-1.example.org'), hostProblem('::1'), portProblem('5432'), passwordProblem('correct horse')]).toEqual([null, null, null, null]);
  expect(hostProblem('postgres://db')).toContain('Only the host');
  expect(portProblem('70000')).toContain('65535');
  expect(passwordProblem('short')).toBe('At least 12 characters; 7 to go.');
});
