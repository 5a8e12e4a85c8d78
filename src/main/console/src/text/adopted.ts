/** The newest few of several lists, each in any order. */
export function newestOf<T extends { at: string }>(all: T[], few: number): T[] {
  return [...all].sort((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, few);
}
