import type { Proof, ProofLevel, Rung } from '../api/types';
import { duration, words } from '../text/format';
import { When } from '../ui/bits';
import { Mark, PROOF_WORDS, RungState, brokenAt } from '../ui/state';
import type { Shape, Tone } from '../ui/state';

const LEVELS: ProofLevel[] = ['STORED', 'INTACT', 'READABLE', 'RESTORED', 'MATCHED'];

const MEANING: Record<string, string> = {
  STORED: 'every object is in the store with its size',
  INTACT: 'every object has the SHA-256 of its manifest',
  READABLE: 'decrypted, unpacked, and every file fits the manifest',
  RESTORED: 'a scratch server recovered it and checked its structures',
  MATCHED: 'its content equals what the source had at that position',
};

const OF_DUMP: Record<string, string> = {
  ...MEANING,
  READABLE: 'decrypted and unpacked to the end of what pg_dump wrote',
  RESTORED: 'pg_restore restored it into an empty scratch server without an error',
  MATCHED: 'its rows equal what the source had in the snapshot that was dumped',
};

const LOOKS: Record<Rung['outcome'], [Shape, Tone]> = { PASSED: ['dot', 'good'], FAILED: ['square', 'bad'], NOT_CHECKED: ['ring', 'idle'], NOT_POSSIBLE: ['dash', 'idle'] };

/** The proof as a ladder: what passed, when, how long, and on what evidence. */
export function Ladder({ proof, dump = false }: { proof: Proof; dump?: boolean }) {
  const broken = brokenAt(proof);
  return (
    <ol class="ladder">
      {LEVELS.map((level, number) => {
        const rung: Rung = proof.ladder.find((each) => each.level === level) ?? { level, number, outcome: 'NOT_CHECKED', at: null, durationMillis: null, evidence: null, reason: null };
        const [shape, tone] = LOOKS[rung.outcome] ?? LOOKS.NOT_CHECKED;
        const unreached = broken !== undefined && number > broken.number && rung.outcome === 'NOT_CHECKED';
        return (
          <li key={level} class={rung.outcome.toLowerCase()}>
            <span class="rung-mark"><Mark shape={shape} tone={tone} /></span>
            <div class="rung">
              <p class="rung-head"><span class="rung-level">L{number}</span><b>{words(PROOF_WORDS[level])}</b>{unreached ? <span class="state idle">not reached</span> : <RungState outcome={rung.outcome} />}</p>
              <p class="muted">{(dump ? OF_DUMP : MEANING)[level]}</p>
              {rung.evidence && <p class="evidence">{rung.evidence}</p>}
              {rung.reason && !unreached && <p class={rung.outcome === 'FAILED' ? 'bad-text' : 'muted'}>{rung.reason}</p>}
            </div>
            <p class="rung-when">{rung.at && <When at={rung.at} />}<small class="tabular">{rung.durationMillis ? `took ${duration(rung.durationMillis)}` : ''}</small></p>
          </li>
        );
      })}
    </ol>
  );
}
