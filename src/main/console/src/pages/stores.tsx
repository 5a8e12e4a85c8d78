import { useState } from 'preact/hooks';
import { path, post, put, remove } from '../api/client';
import { useList } from '../api/load';
import type { StoreCheck, StoreInfo } from '../api/backups';
import { duration } from '../text/format';
import { nameProblem } from '../text/names';
import { Button, Card, PageHead, Remedy } from '../ui/bits';
import { Confirm, Dialog, notify, useAction } from '../ui/dialog';
import { Field, Select } from '../ui/field';
import { Panel, Trouble } from '../ui/panel';
import { State } from '../ui/state';
import { Table } from '../ui/table';

const KINDS = [
  { value: 'S3', label: 'S3, or what speaks it' },
  { value: 'AZBLOB', label: 'Azure Blob Storage' },
  { value: 'GCS', label: 'Google Cloud Storage' },
  { value: 'FOLDER', label: 'A folder' },
];
const STEPS: Record<string, string> = {
  OPEN: 'Open it', WRITE: 'Write a small object', ONCE: 'Not overwrite it', READ: 'Read it', LIST: 'List it', DELETE: 'Delete it',
  KEEP: 'Not delete it by the first login', KEEP_VERSIONS: 'Not delete it for good by that login', LOCK: 'Lock what is stored',
};

const LOST = { word: 'declared lost', shape: 'cross', tone: 'bad' } as const;

/** What is to keep a stolen login from deleting. */
function safety(store: StoreInfo): string {
  const deletes = store.deleteSecretFile ?? store.deleteSecretVariable;
  return [deletes && `deletes by ${deletes}`, store.lockDays && `to lock for ${store.lockDays} days`].filter(Boolean).join(', ');
}

/** Where backups and archived logs of the whole installation can lie. */
export function StoresPage() {
  const stores = useList<StoreInfo>('/stores');
  const [form, setForm] = useState<StoreInfo | 'new' | null>(null);
  const [checking, check] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<StoreInfo | null>(null);
  return (
    <>
      <PageHead title="Stores" sub="Where backups and archived logs of this installation can lie"><Button kind="primary" icon="plus" onClick={() => setForm('new')}>Add a store</Button></PageHead>
      <Card flush>
        <Panel loaded={stores} rows={3}>
          {(items) => <Table caption="Stores" rows={items} keyOf={(each) => each.name} columns={[
            { key: 'name', title: 'Store', cell: (each) => <span class="two"><b>{each.name}</b>{each.lostSince && <State look={LOST} />}</span>, sort: (each) => each.name },
            { key: 'kind', title: 'Kind', phone: 'top', cell: (each) => kindWord(each.kind), sort: (each) => each.kind },
            { key: 'place', title: 'Place', phone: 'wide', cell: (each) => <span class="two"><span class="mono break">{place(each)}</span>{(each.endpoint ?? each.region) && <small class="break">{[each.endpoint, each.region].filter(Boolean).join(', ')}</small>}</span> },
            { key: 'secret', title: 'Opened by', cell: (each) => <span class="two"><span class="mono break">{each.secretFile ?? each.secretVariable ?? ''}</span>{safety(each) && <small class="break">{safety(each)}</small>}</span> },
            { key: 'acts', title: '', cell: (each) => (
              <span class="row-acts"><Button kind="quiet" label={`Check ${each.name}`} onClick={() => check(each.name)}>Check</Button>
                {each.name !== 'local' && <><Button kind="quiet" label={`Change ${each.name}`} onClick={() => setForm(each)}>Change</Button><Button kind="quiet" label={`Delete ${each.name}`} onClick={() => setDeleting(each)}>Delete</Button></>}</span>) },
          ]} />}
        </Panel>
      </Card>
      {form && <StoreForm store={form === 'new' ? null : form} onClose={() => setForm(null)} done={(name) => { setForm(null); stores.reload(); check(name); }} />}
      {checking && <CheckDialog name={checking} onClose={() => check(null)} />}
      {deleting && (
        <Confirm title={`Delete store ${deleting.name}`} verb="Delete the store" busyWord="Deleting…" name={deleting.name} onClose={() => setDeleting(null)}
          act={async () => { await remove(path(['stores', deleting.name]), deleting.name); notify(`${deleting.name} is no longer known.`); stores.reload(); }}>
          <p>Nightshift forgets how <b>{deleting.name}</b> is reached. What lies there stays. This is refused while backups or archived logs lie in it.</p>
        </Confirm>
      )}
    </>
  );
}

function kindWord(kind: string): string {
  return KINDS.find((each) => each.value === kind)?.label ?? kind.toLowerCase();
}

function place(store: StoreInfo): string {
  if (store.name === 'local') return store.folder ?? 'the folder of this installation';
  return store.folder ?? [store.bucket, store.prefix].filter(Boolean).join('/');
}

/** It begins at once: whoever opens it wants to know. */
function CheckDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [found, setFound] = useState<StoreCheck | null>(null);
  const { busy, problem, run } = useAction(() => post<StoreCheck>(path(['stores', name, 'check'])), setFound);
  const [begun, begin] = useState(false);
  if (!begun) {
    begin(true);
    void run();
  }
  return (
    <Dialog title={`Check of ${name}`} onClose={onClose}>
      <div class="form">
        <p class="check-head" role="status"><b>{busy ? 'Trying it, from the node that answers…' : found ? (found.works ? 'It does all that backups need' : 'It does not work yet') : ''}</b></p>
        {problem && <Trouble problem={problem} />}
        {found && (
          <div class="check"><ul>{found.steps.map((each) => (
            <li key={each.step} class={each.passed ? 'ok' : 'failed'}>
              <State look={each.passed ? { word: 'passed', shape: 'dot', tone: 'good' } : { word: 'failed', shape: 'square', tone: 'bad' }} />
              <div><b>{STEPS[each.step] ?? each.step}</b><span class="found">{each.reason ?? each.found ?? duration(each.millis)}</span>{each.remedy && <Remedy text={each.remedy} of={STEPS[each.step] ?? each.step} />}</div>
            </li>))}</ul></div>
        )}
        <div class="actions end"><Button onClick={onClose}>Close</Button><Button icon="refresh" busy={busy ? 'Trying…' : false} onClick={() => void run()}>Try again</Button></div>
      </div>
    </Dialog>
  );
}

function StoreForm({ store, onClose, done }: { store: StoreInfo | null; onClose: () => void; done: (name: string) => void }) {
  const [name, setName] = useState(store?.name ?? '');
  const [kind, setKind] = useState(store?.kind ?? 'S3');
  const [folder, setFolder] = useState(store?.folder ?? '');
  const [bucket, setBucket] = useState(store?.bucket ?? '');
  const [prefix, setPrefix] = useState(store?.prefix ?? '');
  const [endpoint, setEndpoint] = useState(store?.endpoint ?? '');
  const [region, setRegion] = useState(store?.region ?? '');
  const [account, setAccount] = useState(store?.account ?? '');
  const [secret, setSecret] = useState(store?.secretFile ?? store?.secretVariable ?? '');
  const remote = kind !== 'FOLDER';
  const ready = store != null || (!nameProblem(name) && (remote ? bucket.trim() !== '' : folder.trim() !== ''));
  const opened = secret.trim() === '' ? {} : secret.trim().startsWith('/') ? { secretFile: secret.trim() } : { secretVariable: secret.trim() };
  const reached = remote ? { endpoint: endpoint.trim(), region: region.trim(), account: account.trim(), ...opened } : {};
  const { busy, problem, run } = useAction(
    () => (store ? put(path(['stores', store.name]), reached) : post('/stores', remote ? { name, kind, bucket: bucket.trim(), prefix: prefix.trim(), ...reached } : { name, kind, folder: folder.trim() })),
    () => done(store?.name ?? name),
  );
  const refused = (field: string) => (problem?.field === field ? problem.detail : null);
  return (
    <Dialog title={store ? `Change store ${store.name}` : 'Add a store'} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void run(); }}>
        {store
          ? <p class="muted">Where it lies never changes: <span class="mono break">{place(store)}</span>.</p>
          : <><Field label="Name" value={name} onInput={setName} autoFocus error={nameProblem(name)} refused={refused('name')} />
            <Select label="Kind" value={kind} options={KINDS} onChange={setKind} /></>}
        {!store && !remote && <Field label="Folder" value={folder} onInput={setFolder} mono refused={refused('folder')} help="Absolute, below NIGHTSHIFT_STORE_ROOTS, the same on every node." />}
        {!store && remote && <div class="form-grid">
          <Field label={kind === 'AZBLOB' ? 'Container' : 'Bucket'} value={bucket} onInput={setBucket} mono refused={refused('bucket')} help="It has to exist." />
          <Field label="Folder within" value={prefix} onInput={setPrefix} mono required={false} refused={refused('prefix')} />
        </div>}
        {remote && <>
          <Field label="Endpoint" value={endpoint} onInput={setEndpoint} mono required={false} refused={refused('endpoint')} help="https://…, unless it is the provider's own." />
          <div class="form-grid">
            {kind === 'S3' && <Field label="Region" value={region} onInput={setRegion} mono required={false} refused={refused('region')} />}
            {kind !== 'GCS' && <Field label={kind === 'AZBLOB' ? 'Storage account' : 'Access key id'} value={account} onInput={setAccount} mono refused={refused('account')} />}
          </div>
          <Field label="Opened by" value={secret} onInput={setSecret} mono refused={refused('secretFile') ?? refused('secretVariable') ?? refused('secret')} help="A file on every node, or a variable NIGHTSHIFT_CREDENTIAL_… of them. The secret itself is never typed here." />
        </>}
        {problem && <Trouble problem={problem} />}
        <div class="actions end"><Button onClick={onClose}>Cancel</Button><Button submit kind="primary" disabled={!ready} busy={busy ? 'Saving…' : false}>Save and check</Button></div>
      </form>
    </Dialog>
  );
}
