import { expect, test } from 'vitest';
import { newestOf } from './adopted';

test('the newest of several lists come first, however their times are written', () => {
  const ours = [{ at: '2026-11-29T08:00:00Z' }, { at: '2026-11-28T08:00:00Z' }];
  const theirs = [{ at: '2026-11-29T08:00:00.500Z' }, { at: '2026-11-27T08:00:00Z' }];
  expect(newestOf([...ours, ...theirs], 3)).toEqual([theirs[0], ours[0], ours[1]]);
  expect(newestOf([], 3)).toEqual([]);
});
