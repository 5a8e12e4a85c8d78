/** The time ranges that a page can be narrowed to, as they stand in the address. */
export const RANGES: Record<string, { label: string; hours: number }> = {
  '24h': { label: 'Last 24 hours', hours: 24 },
  '7d': { label: 'Last 7 days', hours: 7 * 24 },
  '30d': { label: 'Last 30 days', hours: 30 * 24 },
};

/** The start of a range, to the full hour: the address stays the same while one looks at it. */
export function sinceOf(range: string | null): string | null {
  const hours = range ? RANGES[range]?.hours : undefined;
  if (!hours) return null;
  const hour = 3_600_000;
  return new Date((Math.floor(Date.now() / hour) - hours) * hour).toISOString();
}
