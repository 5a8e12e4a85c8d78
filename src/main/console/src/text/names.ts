/** The rules of what people type, said as they type it; the server checks again. */

/** A name in Nightshift: of a project, database, instance, schedule. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'A name is needed.';
  if (!/^[a-z]/.test(name)) return 'It starts with a lower-case letter.';
  if (!/^[a-z0-9-]+$/.test(name)) return 'Lower-case letters, digits and hyphens only.';
  if (name.endsWith('-')) return 'It ends with a letter or a digit.';
  return name.length > 63 ? 'At most 63 characters.' : null;
}

export function hostProblem(host: string): string | null {
  if (host.trim() === '') return 'A host name or address is needed.';
  return /\s|\/|:\/\//.test(host.trim()) ? 'Only the host: no scheme, path or space.' : null;
}

export function portProblem(port: string): string | null {
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535 ? null : 'A port from 1 to 65535.';
}

/** The problem with the list of a cluster's other servers, apart by commas; it may be empty. */
export function membersProblem(text: string): string | null {
  const members = tagsOf(text);
  if (members.length > 7) return 'At most 7 further members.';
  const wrong = members.find((each) => {
    const parts = /^(?:\[[0-9a-f:.]+\]|([^\s/:[\]]+))(?::(\d+))?$/i.exec(each);
    return !parts || (parts[2] !== undefined && portProblem(parts[2]) !== null);
  });
  return wrong === undefined ? null : `${wrong}: write host:port; an IPv6 address in brackets.`;
}

export function needed(value: string, what: string): string | null {
  return value.trim() === '' ? `${what} is needed.` : null;
}

/** Length is what makes a password hard to guess; nothing else is asked. */
export function passwordProblem(password: string): string | null {
  return password.length < 12 ? `At least 12 characters; ${12 - password.length} to go.` : null;
}

/** Tags as they are typed: a comma ends one, spaces within belong to it. */
export function tagsOf(text: string): string[] {
  return text.split(',').map((each) => each.trim()).filter(Boolean);
}

export function percentProblem(text: string): string | null {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100 ? null : 'A percentage from 1 to 100.';
}
