import { expect, test } from 'vitest';
import { cronProblem, describeCron } from './cron';

test.each([
  ['0 2 * * *', 'Every day at 02:00'],
  ['30 3 * * 1-5', 'Monday to Friday at 03:30'],
  ['0 2 * * 1-6', 'Monday to Saturday at 02:00'],
  ['0 2 * * tue-thu', 'Tuesday to Thursday at 02:00'],
  ['0 2 * * SAT-SUN', 'Saturday and Sunday at 02:00'],
  ['0 2 * * 1-3-5', '0 2 * * 1-3-5'],
  ['0 2 * * 1-9', '0 2 * * 1-9'],
  ['0 4 * * 0', 'Every Sunday at 04:00'],
  ['0 4 * * 7', 'Every Sunday at 04:00'],
  ['0 6,18 * * *', 'Every day at 06:00 and 18:00'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['*/1 * * * *', 'Every minute'],
  ['*/45 * * * *', 'Every hour at :00 and :45'],
  ['*/25 * * * *', 'Every hour at :00, :25 and :50'],
  ['*/60 * * * *', 'Every hour at :00'],
  ['*/7 * * * *', 'Every 7 minutes from each full hour on'],
  ['*/0 * * * *', '*/0 * * * *'],
  ['10 */6 * * *', 'Every 6 hours at :10'],
  ['10 */1 * * *', 'Every hour at :10'],
  ['5 */10 * * *', 'Every day at 00:05, 10:05 and 20:05'],
  ['0 */24 * * *', 'Every day at 00:00'],
  ['5 * * * *', 'Every hour at :05'],
  ['0 1 3 * *', 'On the 3rd of every month at 01:00'],
  ['0 12 1,15 * *', 'On the 1st and 15th of every month at 12:00'],
  ['0 1 11 * *', 'On the 11th of every month at 01:00'],
  ['0 2 1-7 * 1', '0 2 1-7 * 1'],
  ['0 2 * 6 *', '0 2 * 6 *'],
  ['0 3 * * 5#2', 'On the second Friday of every month at 03:00'],
  ['0 3 * * SUN#1', 'On the first Sunday of every month at 03:00'],
  ['0 3 * * 5L', 'On the last Friday of every month at 03:00'],
  ['0 3 L * *', 'On the last day of every month at 03:00'],
  ['@daily', 'Every day at 00:00'],
  ['@hourly', 'Every hour at :00'],
  ['@Monthly', 'On the 1st of every month at 00:00'],
  ['@yearly', 'Every 1 January at 00:00'],
  ['nonsense', 'nonsense'],
])('%s reads as "%s"', (cron, words) => expect(describeCron(cron)).toBe(words));

test('a problem names the field and its range', () => {
  expect(cronProblem('0 2 * * *')).toBeNull();
  expect(cronProblem('*/90 2 * * *')).toBeNull();
  expect(cronProblem('0 2 * *')).toContain('Five fields');
  expect(cronProblem('0 25 * * *')).toBe('The hour must lie between 0 and 23.');
  expect(cronProblem('0 2 * * !')).toContain('character');
  expect(cronProblem('0 2 ? * *')).toContain('character');
  expect(cronProblem('@daily')).toBeNull();
  expect(cronProblem('@reboot')).toContain('@hourly');
});
