import { expect, test } from 'vitest';
import { hostProblem, membersProblem, nameProblem, passwordProblem, portProblem, tagsOf } from './names';

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

test('the other members of a cluster are hosts with or without a port', () => {
  for (const good of ['', 'db-2', 'db-2:5433, [::1], [fe80::2]:5432']) expect(membersProblem(good)).toBeNull();
  for (const bad of ['::1', 'db-2:0', 'db-2:', 'a b', 'postgres://db-2', 'a,b,c,d,e,f,g,h']) expect(membersProblem(bad)).not.toBeNull();
});
