import { useState } from 'preact/hooks';
import { inProject, put } from '../api/client';
import { useLoad } from '../api/load';
import type { Retention } from '../api/access';
import { can, project } from '../frame/session';
import { address } from '../routes';
import { go } from '../router';
import { Button, ButtonLink, Card, Facts, PageHead } from '../ui/bits';
import { notify, useAction } from '../ui/dialog';
import { Field } from '../ui/field';
import { Panel, Trouble } from '../ui/panel';
import { requestRun } from './start-run';

const MOST_DAYS = 3650;
const MOST_KEPT = 1000;

/** How long the project keeps what is over, and the way to have it forgotten at once. */
export function RetentionPage() {
  const name = project.value!.name;
  const retention = useLoad<Retention>(inProject(name, ['retention']));
  const purge = useAction(() => requestRun(name, 'purge', [], {}), (run) => { go(address(name, 'runs', run.id)); notify('Purge was started.'); });
  return (
    <>
      <PageHead title="Retention" sub="How long this project keeps what is over. The job purge forgets what is older, once a day.">
        <ButtonLink href={`${address(name, 'runs')}?job=purge`}>Purges so far</ButtonLink>
        {can('OPERATOR') && <Button busy={purge.busy ? 'Starting…' : false} onClick={() => void purge.run()}>Purge now</Button>}
      </PageHead>
      {purge.problem && <Trouble problem={purge.problem} />}
      <div class="grid">
        <Card title="How long" span={8}><Panel loaded={retention} rows={4}>{(days) => <Days key={JSON.stringify(days)} days={days} done={retention.reload} />}</Panel></Card>
        <Card title="Kept all the same" span={4}>
          <Facts items={[
            ['Stored backups', 'Nothing here deletes a backup, nor the runs that took and proved it.'],
            ['Open findings', 'Until they are closed.'],
            ['Deleted objects', `Can be restored for ${retention.data?.deletedDays ?? 30} days. Then an instance forgets how to log in, and is gone with its last run and backup.`],
          ]} />
        </Card>
      </div>
    </>
  );
}

function problemOf(text: string, least: number, most = MOST_DAYS, what = 'days'): string | null {
  const number = Number(text);
  return /^\d+$/.test(text.trim()) && number >= least && number <= most ? null : `A number of ${what} from ${least} to ${most}.`;
}

function Days({ days, done }: { days: Retention; done: () => void }) {
  const [runs, setRuns] = useState(String(days.runDays));
  const [logs, setLogs] = useState(String(days.logDays));
  const [audit, setAudit] = useState(String(days.auditDays));
  const [keep, setKeep] = useState(String(days.keepRuns));
  const problems = { runs: problemOf(runs, 7), logs: problemOf(logs, 1), audit: problemOf(audit, 90), keep: problemOf(keep, 0, MOST_KEPT, 'runs') };
  const asked = { runDays: Number(runs), logDays: Number(logs), auditDays: Number(audit), keepRuns: Number(keep) };
  const shorter = asked.runDays < days.runDays || asked.logDays < days.logDays || asked.auditDays < days.auditDays || asked.keepRuns < days.keepRuns;
  const changed = shorter || asked.runDays !== days.runDays || asked.logDays !== days.logDays || asked.auditDays !== days.auditDays || asked.keepRuns !== days.keepRuns;
  const admin = can('ADMIN');
  const ready = admin && changed && !problems.runs && !problems.logs && !problems.audit && !problems.keep;
  const { busy, problem, run } = useAction(() => put(inProject(project.value!.name, ['retention']), asked), () => { notify('Saved.'); done(); });
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
      <fieldset disabled={!admin} class="form">
        <Field label="Runs, days" value={runs} onInput={setRuns} numeric help="With their targets and steps, closed findings, and the lines about deleted backups." error={problems.runs} refused={refused('runDays')} />
        <Field label="Last runs of each job" value={keep} onInput={setKeep} numeric help="At least so many stay, however old they are; 0 for none." error={problems.keep} refused={refused('keepRuns')} />
        <Field label="Log lines, days" value={logs} onInput={setLogs} numeric help="Of the runs; they go with their run at the latest." error={problems.logs} refused={refused('logDays')} />
        <Field label="Audit, days" value={audit} onInput={setAudit} numeric help="Who did what. Nobody can make it forget the last 90 days." error={problems.audit} refused={refused('auditDays')} />
      </fieldset>
      {shorter && ready && <p class="muted" role="status">What is older goes within a day, and does not come back.</p>}
      {problem && !problem.field && <Trouble problem={problem} />}
      {admin
        ? <div class="actions end"><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save</Button></div>
        : <p class="muted">Admins of the project change this.</p>}
    </form>
  );
}
