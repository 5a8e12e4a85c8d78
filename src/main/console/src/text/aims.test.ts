import { expect, test } from 'vitest';
import { aimsOf } from './aims';

test('a job on a backup aims at the databases that are still there', () => {
  expect(aimsOf(['gone', 'shop', 'crm'], ['crm', 'new', 'shop'])).toEqual(['shop', 'crm']);
});

test('where all that it held are gone any other of the instance will do, and without any there is none', () => {
  expect([aimsOf(['gone'], ['new']), aimsOf(['gone'], [])]).toEqual([['new'], []]);
});
