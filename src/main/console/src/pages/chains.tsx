import type { Backup } from '../api/backups';
import { now } from '../clock';
import { project } from '../frame/session';
import { zone } from '../prefs';
import { address } from '../routes';
import { chainWords, chainsOf, failedWords, faulty, weakWords } from '../text/chains';
import type { Chain, Link } from '../text/chains';
import { inStores } from '../text/drills';
import { bytes, dayAndTimePast, duration, exact, plural, shortId, words } from '../text/format';
import { subjectOf } from '../text/kinds';
import { Button } from '../ui/bits';
import { Mark, ProofState, State } from '../ui/state';
import '../styles/chains.css';

const DEEPEST = 5;

/** Backups as they hang on each other: a list to read, with lines to see. */
export function Chains({ backups, more, loadingMore }: { backups: Backup[]; more?: () => void; loadingMore: boolean }) {
  const chains = chainsOf(backups, more === undefined);
  return (
    <>
      <ul class="chains" aria-label="Chains of backups">{chains.map((each) => <ChainView key={each.id} chain={each} whole={more === undefined} />)}</ul>
      {more && <div class="table-more"><Button onClick={more} busy={loadingMore ? 'Loading…' : false}>Show older</Button></div>}
    </>
  );
}

function ChainView({ chain, whole }: { chain: Chain; whole: boolean }) {
  const { links } = chain;
  const some = links.find((each) => each.backup)!.backup!;
  const alone = links.length === 1;
  const weak = weakWords(chain);
  return (
    <li class={`${weak ? 'bad' : ''} ${alone ? 'single' : ''}`}>
      {!alone && (
        <div class="chain-head">
          <h3 class="break">{some.instance}</h3>
          <p class="muted small">{chainWords(chain)}, {bytes(links.reduce((sum, each) => sum + (each.backup?.storedBytes ?? 0), 0))} stored</p>
          {weak && <State look={{ word: weak, shape: 'square', tone: 'bad' }} />}
        </div>
      )}
      <ol class="chain">{links.map((each) => <LinkView key={each.id} link={each} chain={chain} alone={alone} whole={whole} />)}</ol>
      {!whole && chain.more > 0 && <p class="chain-more muted small">{plural(chain.more, 'more', 'more')} of this chain {chain.more === 1 ? 'is' : 'are'} kept, older than what is shown.</p>}
    </li>
  );
}

function LinkView({ link, chain, alone, whole }: { link: Link; chain: Chain; alone: boolean; whole: boolean }) {
  const { backup, weak } = link;
  const lane = Math.min(DEEPEST, link.lane);
  const parent = link.joins === null ? null : parentOf(link, chain);
  const bad = backup ? faulty(backup) : whole;
  return (
    <li class={`lane-${lane} ${bad ? 'bad' : ''}`}>
      <span class="rails" aria-hidden="true">
        {link.passing.map((each) => <i key={each} class={`at-${Math.min(DEEPEST, each)}`} />)}
        {link.joins !== null && <i class={`at-${Math.min(DEEPEST, link.joins)} ${link.goesOn ? '' : 'ends'}`} />}
        {link.joins !== null && link.joins < link.lane && <i class={`stub at-${Math.min(DEEPEST, link.joins)}`} />}
        {link.holds && <i class={`begins at-${lane}`} />}
        <b class={`at-${lane}`}><Mark shape={backup ? (bad ? 'square' : 'dot') : whole ? 'cross' : 'ring'} tone={bad ? 'bad' : backup ? 'busy' : 'idle'} /></b>
      </span>
      <div class="link">
        {backup ? <Told backup={backup} alone={alone} /> : <p class="link-name"><b>{whole ? 'Missing' : 'Older'}</b><span class="mono small">{shortId(link.id)}</span></p>}
        {parent && <span class="sr">hangs on {parent}</span>}
        {!backup && <p class="muted small link-wide">{whole ? 'It is not in the catalogue: what hangs on it cannot be restored by it.' : 'Not read yet: show older ones.'}</p>}
        {backup && failedWords(backup) && <p class="bad-text small link-wide break">{failedWords(backup)}</p>}
        {backup && weak && <p class="bad-text small link-wide">{weak.why === 'missing' ? 'What it hangs on is missing.' : `It needs ${nameOf(weak.id, chain)}, which ${weak.why === 'damaged' ? 'is damaged' : 'did not pass its last check'}.`}</p>}
      </div>
    </li>
  );
}

function Told({ backup, alone }: { backup: Backup; alone: boolean }) {
  return (
    <>
      <p class="link-name"><a class="row-link" data-row href={address(project.value!.name, 'backups', backup.id)}>{alone && `${subjectOf(backup)}, `}{alone ? backup.kind.toLowerCase() : words(backup.kind.toLowerCase())}</a><time dateTime={backup.takenAt} title={exact(backup.takenAt, zone())}>{dayAndTimePast(backup.takenAt, now.value, zone())}</time></p>
      <ProofState proof={backup.proof} damaged={backup.state === 'DAMAGED'} />
      <span class="link-figures muted small tabular"><span>{bytes(backup.storedBytes)}</span>{backup.proof.rtoMillis != null && <span>restored in {duration(backup.proof.rtoMillis)}</span>}<span>{inStores(backup)}</span>{backup.hold && <span>on hold</span>}</span>
    </>
  );
}

function parentOf(link: Link, chain: Chain): string {
  const path = link.backup?.chain?.backups ?? [];
  return nameOf(path.at(-2) ?? link.backup?.parent ?? chain.id, chain);
}

function nameOf(id: string, { links }: Chain): string {
  const found = links.find((each) => each.id === id)?.backup;
  return found ? `the ${found.kind.toLowerCase()} one of ${dayAndTimePast(found.takenAt, now.value, zone())}` : `backup ${shortId(id)}`;
}
