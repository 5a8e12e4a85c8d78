import { expect, test } from 'vitest';
import { DELETION, goingWords, tooFew } from './deletions';

test('what would go is told in a line', () => {
  expect(goingWords({ backups: 3, bytes: 2_500_000_000, logBytes: 0, elsewhere: 0 })).toMatch(/^3 backups, 2\.[35] GB$/);
  expect(goingWords({ backups: 1, bytes: 0, logBytes: 1_000_000_000, elsewhere: 0 })).toMatch(/^1 backup, .*; .* of archived log$/);
  expect(goingWords({ backups: 0, bytes: 0, logBytes: 0, elsewhere: 4 })).toBe('4 backups and logs that are not told one by one');
  expect(goingWords({ backups: 0, bytes: 0, logBytes: 0, elsewhere: 0 })).toBe('nothing at once');
});

test('one person alone cannot have two delete', () => {
  expect(tooFew(1)).toContain('another approves');
  expect(tooFew(2)).toBe(null);
});

test('what was approved and could not be done does not look done', () => {
  expect(DELETION.FAILED.word).not.toBe(DELETION.APPROVED.word);
  expect(DELETION.FAILED.tone).toBe('bad');
});
