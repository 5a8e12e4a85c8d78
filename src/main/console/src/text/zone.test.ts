import { expect, test } from 'vitest';
import { zoneProblem, zones } from './zone';

test('a zone is one of the list', () => {
  expect(zones()[0]).toBe('UTC');
  expect(zoneProblem('UTC')).toBeNull();
  expect(zoneProblem('Europe/Vienna')).toBeNull();
  for (const wrong of ['Vienna', '', 'europe/vienna', 'UTC+1']) expect(zoneProblem(wrong)).toContain('Europe/Vienna');
});
