/** What a job on a backup can aim at: the databases that it holds and its instance still lists, or else whatever is listed. */
export function aimsOf(held: string[], listed: string[]): string[] {
  const still = held.filter((each) => listed.includes(each));
  return still.length > 0 ? still : listed;
}
