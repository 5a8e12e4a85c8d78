import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { again } from './again';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** Work that lasts until it is let go, and counts how often it began. */
function slow() {
  const begun: (() => void)[] = [];
  return { begun, work: () => new Promise<void>((done) => { begun.push(done); }) };
}

test('many wishes in a row are one', async () => {
  const { begun, work } = slow();
  const loads = again(work, 250);
  for (let each = 0; each < 5; each++) loads.soon();
  await vi.advanceTimersByTimeAsync(250);
  expect(begun).toHaveLength(1);
});

test('a change that has settled while it ran is followed by one more, and the next changes too', async () => {
  const { begun, work } = slow();
  const loads = again(work, 250);
  void loads.now();
  loads.soon();
  await vi.advanceTimersByTimeAsync(250);
  expect(begun).toHaveLength(1);
  begun[0]!();
  await vi.advanceTimersByTimeAsync(250);
  expect(begun).toHaveLength(2);
  begun[1]!();
  await vi.advanceTimersByTimeAsync(0);
  loads.soon();
  await vi.advanceTimersByTimeAsync(250);
  expect(begun).toHaveLength(3);
});

test('after its end nothing begins', async () => {
  const { begun, work } = slow();
  const loads = again(work, 250);
  void loads.now();
  void loads.now();
  loads.end();
  begun[0]!();
  await vi.advanceTimersByTimeAsync(1000);
  expect(begun).toHaveLength(1);
});
