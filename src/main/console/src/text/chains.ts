/** Backups by what they hang on: a full one, and the incremental and differential ones that need it. */
import type { Backup } from '../api/backups';
import { brokenAt } from '../ui/state';
import { plural } from './format';

export interface Link {
  id: string;
  /** Null where the list has only heard of it. */
  backup: Backup | null;
  /** Column of its mark; the full one stands in the first. */
  lane: number;
  /** Column that it hangs on; null for what hangs on nothing. */
  joins: number | null;
  /** Whether more hang on that column further down. */
  goesOn: boolean;
  /** Other columns that pass by. */
  passing: number[];
  /** Whether anything hangs on it. */
  holds: boolean;
  /** The nearest one that it needs and that is not good, if any. */
  weak: { id: string; why: 'damaged' | 'failed' | 'missing' } | null;
}

export interface Chain {
  id: string;
  links: Link[];
  /** Kept ones of the chain that the list does not hold. */
  more: number;
}

/** Did not pass where the stored objects themselves were read, or the server said that its pages were damaged. */
export function faulty(backup: Backup): boolean {
  const broken = brokenAt(backup.proof);
  return backup.state === 'DAMAGED' || (broken !== undefined && broken.number <= READABLE);
}

const READABLE = 2;

/** Pages that the server called damaged are so in every copy; a check that failed says so of the store where it read. */
function wrongOf(backup: Backup): 'damaged' | 'failed' {
  return backup.state === 'DAMAGED' ? 'damaged' : 'failed';
}

/** Where its last check failed, and where it may still be whole; null unless one failed. */
export function failedWords(backup: Backup): string | null {
  if (!faulty(backup) || wrongOf(backup) === 'damaged') return null;
  const read = backup.proof.store ?? backup.store;
  const others = backup.copies.filter((each) => each.state === 'WHOLE' && each.store !== read && brokenAt(each.proof) === undefined).map((each) => each.store);
  const first = backup.store !== read && others.length === 0 ? [backup.store] : [];
  const elsewhere = [...first, ...others];
  return `It did not pass its last check in ${read}.${elsewhere.length === 0 ? ' No whole copy elsewhere is known.' : ` There is one in ${elsewhere.join(' and ')} too, of which this says nothing.`}`;
}

/**
 * Chains, the one with the newest backup first; within each the full one first, each before what hangs on it.
 *
 * @param whole whether these are all that are kept, so that what is missing is gone
 */
export function chainsOf(backups: Backup[], whole: boolean): Chain[] {
  const known = new Map(backups.map((each) => [each.id, each]));
  const parents = new Map<string, string | null>();
  for (const each of backups) {
    const path = pathOf(each);
    path.forEach((id, index) => { if (!parents.get(id)) parents.set(id, path[index - 1] ?? null); });
  }
  const children = new Map<string, string[]>();
  const roots: string[] = [];
  for (const [id, parent] of parents) {
    if (parent === null) roots.push(id);
    else children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const taken = (id: string) => known.get(id)?.takenAt ?? '';
  for (const all of children.values()) all.sort((one, other) => taken(one).localeCompare(taken(other)) || one.localeCompare(other));
  const chains = roots.map((root) => chain(root, known, children, whole));
  const newest = (each: Chain) => each.links.reduce((last, link) => (taken(link.id) > last ? taken(link.id) : last), '');
  return chains.map((each) => ({ each, at: newest(each) })).sort((one, other) => other.at.localeCompare(one.at)).map(({ each }) => each);
}

function pathOf(backup: Backup): string[] {
  if (backup.chain && backup.chain.backups.length > 0) return backup.chain.backups;
  return backup.parent ? [backup.parent, backup.id] : [backup.id];
}

function chain(root: string, known: Map<string, Backup>, children: Map<string, string[]>, whole: boolean): Chain {
  const links: Link[] = [];
  type Next = Pick<Link, 'id' | 'lane' | 'joins' | 'goesOn' | 'passing' | 'weak'>;
  // A loop: a chain of thousands is deeper than a browser's stack
  const todo: Next[] = [{ id: root, lane: 0, joins: null, goesOn: false, passing: [], weak: null }];
  for (let at = todo.pop(); at; at = todo.pop()) {
    const { id, lane, joins, goesOn, passing, weak } = at;
    const backup = known.get(id) ?? null;
    const below = children.get(id) ?? [];
    links.push({ id, backup, lane, joins, goesOn, passing, holds: below.length > 0, weak });
    const bad = backup ? (faulty(backup) ? { id, why: wrongOf(backup) } : null) : whole ? { id, why: 'missing' as const } : null;
    // Those beside a column that goes on, its lower ends included, are passed by it
    const outer = joins !== null && joins < lane && goesOn ? [...passing, joins] : passing;
    const next = below.map((child, index): Next => {
      const last = index === below.length - 1;
      // What goes on from an incremental one alone stays in its column: a long chain stays narrow
      return joins !== null && last
        ? { id: child, lane, joins: lane, goesOn: false, passing: outer, weak: bad ?? weak }
        : { id: child, lane: lane + 1, joins: lane, goesOn: !last, passing: outer, weak: bad ?? weak };
    });
    todo.push(...next.reverse());
  }
  const kept = links.reduce((most, each) => Math.max(most, each.backup?.chain?.of ?? 0), 0);
  return { id: root, links, more: Math.max(0, kept - links.filter((each) => each.backup).length) };
}

/** What a chain holds: "full, 3 differential, 2 incremental". */
export function chainWords({ links }: Chain): string {
  const of = (kind: string) => links.filter((each) => each.backup?.kind === kind).length;
  const parts = [of('DIFFERENTIAL') > 0 && `${of('DIFFERENTIAL')} differential`, of('INCREMENTAL') > 0 && `${of('INCREMENTAL')} incremental`].filter(Boolean);
  return parts.length > 0 ? `full, ${parts.join(', ')}` : 'full';
}

/** What is wrong with a chain, in words, or null. */
export function weakWords({ links }: Chain): string | null {
  const wrong = links.flatMap((each) => (each.backup && faulty(each.backup) ? [wrongOf(each.backup)] : []));
  const damaged = wrong.filter((each) => each === 'damaged').length;
  const failed = wrong.length - damaged;
  const gone = new Set(links.filter((each) => each.weak?.why === 'missing').map((each) => each.weak!.id)).size;
  const leaning = links.filter((each) => each.backup && each.weak).length;
  const causes = [damaged > 0 && `${damaged} damaged`, failed > 0 && `${failed} failed the last check`, gone > 0 && `${gone} missing`].filter(Boolean).join(', ');
  if (causes === '') return null;
  return leaning === 0 ? causes : `${causes}: ${plural(leaning, 'other needs', 'others need')} it`;
}
