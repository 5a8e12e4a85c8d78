import { expect, test } from 'vitest';
import { fits } from './filter';

test('each word counts, wherever it is found; nothing asked fits everything', () => {
  expect(fits('Gold db-1', 'shop', 'db-1', 'production', 'gold')).toBe(true);
  expect(fits('gold db-2', 'shop', 'db-1', 'production', 'gold')).toBe(false);
  expect(fits('  ', 'shop')).toBe(true);
});
