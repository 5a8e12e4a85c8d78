import { inProject } from '../api/client';
import { kinds, usePages } from '../api/load';
import type { Finding } from '../api/types';
import { project } from '../frame/session';
import { address } from '../routes';
import { query, setQuery } from '../router';
import { plural, shortId, words } from '../text/format';
import { Button, ButtonLink, Card, PageHead, Remedy, When } from '../ui/bits';
import { Choice, Select } from '../ui/field';
import { Empty, Panel } from '../ui/panel';
import { SeverityState } from '../ui/state';

export function FindingsPage() {
  const name = project.value!.name;
  const asked = query.value;
  const state = asked.get('state') ?? 'OPEN';
  const severity = asked.get('severity');
  const findings = usePages<Finding>(inProject(name, ['findings'], { state, severity }), kinds('finding'));
  return (
    <>
      <PageHead title="Findings" sub="What needs a person, what was seen, and what to do" />
      <Card flush>
        <div class="filters">
          <Choice label="State" value={state} onChange={(value) => setQuery({ state: value === 'OPEN' ? null : value })} options={[{ value: 'OPEN', label: 'Open' }, { value: 'CLOSED', label: 'Closed' }]} />
          <Select compact label="Severity" value={severity ?? ''} onChange={(value) => setQuery({ severity: value })}
            options={[{ value: '', label: 'All severities' }, { value: 'CRITICAL', label: 'Critical' }, { value: 'WARNING', label: 'Warning' }, { value: 'INFO', label: 'Info' }]} />
        </div>
        <Panel loaded={findings} rows={6}>
          {(items) => (items.length > 0
            ? <><ul class="findings">{items.map((each) => <FindingItem key={each.id} finding={each} />)}</ul>
              {findings.more && <div class="table-more"><Button onClick={findings.more} busy={findings.loadingMore ? 'Loading…' : false}>Show older</Button></div>}</>
            : severity ? <Empty title="No finding fits this filter" action={<Button onClick={() => setQuery({ severity: null })}>Show all severities</Button>} />
              : state === 'OPEN' ? <Empty title="Nothing needs you">A failed proof, a damaged backup or a missing privilege would stand here, with the reason and the remedy.</Empty>
                : <Empty title="No finding has been closed yet">A finding closes by itself when what it saw is gone.</Empty>)}
        </Panel>
      </Card>
    </>
  );
}

function subjectHref(finding: Finding): string | null {
  const name = project.value!.name;
  const { kind, id, name: subject } = finding.subject;
  if (kind === 'DATABASE') return address(name, 'databases', subject);
  if (kind === 'INSTANCE') return `${address(name, 'databases')}?tab=instances&q=${encodeURIComponent(subject)}`;
  if (kind === 'BACKUP' && id) return address(name, 'backups', id);
  if (kind === 'PROJECT') return finding.evidence?.goal === 'KIT' ? address(name, 'backup-keys') : address(name, 'retention');
  if (kind === 'RUN' && id) return address(name, 'runs', id);
  return null;
}

function FindingItem({ finding }: { finding: Finding }) {
  const href = subjectHref(finding);
  const evidence = Object.entries(finding.evidence ?? {});
  return (
    <li class={finding.severity.toLowerCase()}>
      <details>
        <summary data-row>
          <SeverityState severity={finding.severity} />
          <span class="finding-title"><b>{finding.title}</b><small>{finding.subject.name}</small></span>
          <span class="finding-when"><When at={finding.lastSeen} plain /><small>{finding.count > 1 ? `seen ${plural(finding.count, 'time')}` : 'seen once'}</small></span>
        </summary>
        <div class="finding-body">
          <p>{finding.detail}</p>
          {finding.remedy && <Remedy text={finding.remedy} of={finding.title} />}
          {evidence.length > 0 && <dl class="evidence-list">{evidence.map(([key, value]) => <div key={key}><dt>{words(key)}</dt><dd class="break">{typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd></div>)}</dl>}
          <p class="muted small">First seen <When at={finding.firstSeen} /></p>
          <div class="actions">
            {href && <ButtonLink href={href}>{finding.subject.kind === 'DATABASE' || finding.subject.kind === 'INSTANCE' ? `${words(finding.subject.kind.toLowerCase())} ${finding.subject.name}` : ({ BACKUP: 'The backup', RUN: 'The run', PROJECT: finding.evidence?.goal === 'KIT' ? 'Backup keys' : 'Retention' })[finding.subject.kind]}</ButtonLink>}
            {finding.run && finding.subject.kind !== 'RUN' && <ButtonLink href={address(project.value!.name, 'runs', finding.run)}>Run {shortId(finding.run)}</ButtonLink>}
          </div>
        </div>
      </details>
    </li>
  );
}
