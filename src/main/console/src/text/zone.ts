/** The zones that a form offers: UTC is not among those of the browser. */
export function zones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/** Why a zone cannot be taken, or null. */
export function zoneProblem(zone: string): string | null {
  return zones().includes(zone) ? null : 'Choose a zone of the IANA list, such as Europe/Vienna.';
}
