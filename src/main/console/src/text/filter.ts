/** Whether each word that somebody typed is found somewhere in what a thing is known by. */
export function fits(asked: string, ...known: string[]): boolean {
  const text = known.join(' ').toLowerCase();
  return asked.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
