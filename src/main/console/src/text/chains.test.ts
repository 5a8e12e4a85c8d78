import { describe, expect, test } from 'vitest';
import type { Backup } from '../api/backups';
import { chainWords, chainsOf, failedWords, weakWords } from './chains';

let minute = 0;
const backup = (id: string, path: string[], more: Partial<Backup> = {}): Backup => ({
  id, kind: path.length === 0 ? 'FULL' : 'INCREMENTAL', parent: path.at(-1) ?? null, state: 'COMPLETE', takenAt: new Date(Date.UTC(2026, 10, 1, 0, minute++)).toISOString(),
  chain: { position: path.length + 1, of: 1, backups: [...path, id] }, proof: { level: 'STORED', levelNumber: 0, ladder: [], notChecked: [] }, ...more } as unknown as Backup);
const drawn = (backups: Backup[], whole = true) => chainsOf(backups, whole).map((each) => each.links.map(({ id, lane, joins, goesOn, passing, holds }) => `${' '.repeat(lane)}${id}${joins ?? ''}${goesOn ? '+' : ''}${passing.map((column) => `|${column}`).join('')}${holds ? '.' : ''}`));

describe('a chain', () => {
  test('of increments stays in one column below the full one', () => {
    expect(drawn([backup('f', []), backup('a', ['f']), backup('b', ['f', 'a']), backup('c', ['f', 'a', 'b'])].reverse())).toEqual([['f.', ' a0.', ' b1.', ' c1']]);
  });
  test('of differentials hangs on the full one, one below the other', () => {
    expect(drawn([backup('f', []), backup('a', ['f']), backup('b', ['f']), backup('c', ['f'])])).toEqual([['f.', ' a0+', ' b0+', ' c0']]);
  });
  test('with branches shows what passes by', () => {
    expect(drawn([backup('f', []), backup('a', ['f']), backup('b', ['f', 'a']), backup('c', ['f', 'a']), backup('d', ['f']), backup('e', ['f', 'd'])])).toEqual([['f.', ' a0+.', '  b1+|0', ' c1|0', ' d0.', ' e1']]);
  });
  test('the one with the newest backup comes first, whatever the order of the list', () => {
    const [old, fresh, late] = [backup('f', []), backup('g', []), backup('a', ['f'])];
    expect(chainsOf([fresh, late, old], true).map((each) => each.id)).toEqual(['f', 'g']);
    expect(chainsOf([late, old, fresh], true).map((each) => each.id)).toEqual(['f', 'g']);
  });
});

describe('what is not good', () => {
  test('weighs on all that hang on it, and on nothing else', () => {
    const [chain] = chainsOf([backup('f', []), backup('a', ['f'], { state: 'DAMAGED' }), backup('b', ['f', 'a']), backup('c', ['f', 'a', 'b']), backup('d', ['f'])], true);
    expect(chain!.links.map((each) => [each.id, each.weak?.id])).toEqual([['f', undefined], ['a', undefined], ['b', 'a'], ['c', 'a'], ['d', undefined]]);
    expect(weakWords(chain!)).toBe('1 damaged: 2 others need it');
  });
  test('a parent that is gone has its place, and is not called gone while older ones are not read', () => {
    const orphan = backup('b', ['f', 'a']);
    const [gone] = chainsOf([orphan], true);
    expect(gone!.links.map((each) => [each.id, each.backup === null, each.weak?.why])).toEqual([['f', true, undefined], ['a', true, 'missing'], ['b', false, 'missing']]);
    expect(gone!.links[2]!.weak!.id).toBe('a');
    expect(weakWords(gone!)).toBe('2 missing: 1 other needs it');
    expect(chainsOf([orphan], false)[0]!.links.every((each) => each.weak === null)).toBe(true);
  });
  test('a drill that failed on the way up, not on what is stored, is not damage', () => {
    const failed = (number: number) => ({ level: 'NONE', levelNumber: -1, ladder: [{ number, outcome: 'FAILED' }], notChecked: [] }) as unknown as Backup['proof'];
    expect(weakWords(chainsOf([backup('f', [], { proof: failed(3) }), backup('a', ['f'])], true)[0]!)).toBeNull();
    expect(weakWords(chainsOf([backup('f', [], { proof: failed(1) }), backup('a', ['f'])], true)[0]!)).toBe('1 failed the last check: 1 other needs it');
  });
});

test('a chain says what it holds and how much the list lacks', () => {
  const [chain] = chainsOf([backup('f', []), backup('a', ['f'], { kind: 'DIFFERENTIAL', chain: { position: 2, of: 5, backups: ['f', 'a'] } }), backup('b', ['f', 'a'])], false);
  expect(chainWords(chain!)).toBe('full, 1 differential, 1 incremental');
  expect(chain!.more).toBe(2);
});

test('a failed check is of one store, and names where else a copy lies', () => {
  const failed = { level: 'NONE', levelNumber: -1, ladder: [{ number: 1, outcome: 'FAILED' }], notChecked: [], store: 'local' } as unknown as Backup['proof'];
  const good = { ...failed, ladder: [] };
  const one = (more: Partial<Backup>) => failedWords(backup('f', [], { store: 'local', copies: [], proof: failed, ...more }));
  expect(one({})).toBe('It did not pass its last check in local. No whole copy elsewhere is known.');
  expect(one({ copies: [{ store: 'offsite', state: 'WHOLE', proof: good }, { store: 'half', state: 'COPYING', proof: good }] as unknown as Backup['copies'] })).toContain('one in offsite too');
  expect(one({ proof: good })).toBeNull();
  expect(one({ state: 'DAMAGED' })).toBeNull();
});

test('a chain of thousands is no deeper than a stack', () => {
  const ids = Array.from({ length: 5000 }, (_, n) => `b${n}`);
  const long = ids.map((id, n) => ({ ...backup(id, []), kind: n === 0 ? 'FULL' : 'INCREMENTAL', parent: ids[n - 1] ?? null, chain: null }) as unknown as Backup);
  expect(chainsOf(long, true)[0]!.links.map((each) => each.id)).toEqual(ids);
});

test('two hundred are sorted out in no time', () => {
  const many = Array.from({ length: 200 }, (_, n) => backup(`b${n}`, Array.from({ length: n % 20 }, (_, k) => `b${n - (n % 20) + k}`)));
  expect(chainsOf(many, true)).toHaveLength(10);
  expect(chainsOf(many, true)[0]!.links.every((each) => each.lane <= 1)).toBe(true);
});
