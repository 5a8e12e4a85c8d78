// Serves the built console with its content security policy, the API's fixtures and a live feed:
//   node dev/server.mjs [port] [folder of the built console]
// ?away, ?slow and friends: POST /dev {"away":true} answers 503, {"slow":800} delays, {"feed":false} cuts the feed.
import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import * as world from './world.mjs';

const port = Number(process.argv[2] ?? 9180);
const folder = process.argv[3] ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../target/console');
const CSP = "default-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const mood = { away: false, slow: 0, feed: true, loggedIn: true };

const problem = (status, detail, more = {}) => ({ status, body: { type: 'about:blank', title: 'Problem', status, detail, ...more } });
const ok = (body, status = 200) => ({ status, body });
const page = (all, query) => {
  const limit = Math.min(500, Number(query.get('limit') ?? 50));
  const from = query.get('after') ? Number(query.get('after')) : 0;
  return ok({ items: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null });
};
const one = (found, what) => (found ? ok(found) : problem(404, `There is no ${what}.`));
const retention = { runDays: 400, logDays: 90, auditDays: 730, keepRuns: 20, deletedDays: 30 };

const routes = [
  ['GET', '/me', () => ok(world.me)],
  ['PUT', '/me/password', (b) => (b.current === 'wrong' ? problem(400, 'The current password is wrong.', { field: 'current' }) : { status: 204 })],
  ['POST', '/logout', () => { mood.loggedIn = false; return { status: 204 }; }],
  ['GET', '/jobs', () => ok(world.jobs)],
  ['GET', '/nodes', () => ok(world.nodes)],
  ['GET', '/repository/backup', () => ok(world.repositoryBackup)],
  ['POST', '/nodes/:id/:act', (b, _, a) => { const node = world.nodes.find((n) => n.id === a.id); node.draining = node.drainAsked = a.act === 'drain'; return ok(node); }],
  ['GET', '/people', (_, q) => page(world.people, q)],
  ['POST', '/people', (b) => ok(b, 201)], ['PUT', '/people/:n', (b) => ok(b)],
  ['GET', '/keys', (_, q) => page(world.keys, q)],
  ['POST', '/keys', (b) => ok({ ...b, id: 'new', prefix: 'ns_7Qx2', createdAt: world.ago(0), key: 'ns_7Qx2mB9vT4kLw0Rz8YpJc5HsN1dGfUeA' }, 201)],
  ['DELETE', '/keys/:id', () => ({ status: 204 })],
  ['GET', '/audit', (_, q) => q.get('action') === 'recovery-kit.make' ? page(q.get('project') === 'demo' ? [world.kitMade] : [], q) : page(world.audit.filter((a) => (!q.get('who') || a.who === q.get('who')) && (!q.get('object') || a.object.includes(q.get('object')))), q)],
  ['POST', '/projects', (b) => { world.me.projects.push({ ...b, role: 'ADMIN' }); return ok(b, 201); }],
  ['GET', '/projects/:p/retention', () => ok(retention)], ['PUT', '/projects/:p/retention', (b) => ok(Object.assign(retention, b))],
  ['GET', '/projects/:p/members', (_, q) => page(world.people.slice(1).map(({ name, displayName, projects }) => ({ name, displayName, role: projects[0].role })), q)],
  ['PUT', '/projects/:p/members/:n', (b) => ok(b)], ['DELETE', '/projects/:p/members/:n', () => ({ status: 204 })],
  ['GET', '/projects/:p/keys', (_, q, a) => page(world.projectKeys(a.p), q)], ['POST', '/projects/:p/keys/rotate', () => ok({ key: '0d15ea5e', next: 'Make a recovery kit now.' })],
  ['DELETE', '/projects/:p/keys/:k', (_, q, a) => problem(503, `Whether something in the store offsite opens by key ${a.k} cannot be told: the store does not answer.`, { remedy: 'Destroy the key when every store answers.' })],
  ['POST', '/projects/:p/recovery-kit', (b, q, a) => (b.passphrase?.length >= 20 ? ok({ format: 'nightshift-recovery-kit', version: 1, projectName: a.p, madeAt: world.ago(0), content: 'AAAA' }) : problem(400, 'A passphrase has 20 to 1000 characters.', { field: 'passphrase' }))],
  ['POST', '/recovery-kit/import', (b) => (b.passphrase === 'wrong' ? problem(400, 'The passphrase does not open this recovery kit.', { field: 'passphrase' }) : ok(world.importedKit))],
  ['GET', '/projects/:p/overview', () => ok(world.overview())],
  ['GET', '/projects/:p/instances', (_, q) => page(world.instances, q)],
  ['GET', '/stores', () => ok(world.stores)], ['POST', '/stores', (b) => ok(b, 201)], ['PUT', '/stores/:n', (b) => ok(b)], ['DELETE', '/stores/:n', () => ({ status: 204 })], ['POST', '/stores/:n/check', (_, q, a) => ok(world.checkOf(a.n))],
  ['GET', '/projects/:p/databases/:n/drills', (_, q, a) => ok(world.drillsOf(a.n))],
  ['GET', '/projects/:p/databases/:n/recovery-window', (_, q, a) => ok(world.windowOf(a.n))], ['POST', '/projects/:p/databases/:n/restore-plan', (b, _, a) => ok(world.planOf(b, a.n))],
  ['GET', '/projects/:p/adopted-backups', (_, q) => page(world.adoptedListed.filter((b) => !q.get('database') || q.get('database') === b.instance), q)],
  ['GET', '/projects/:p/instances/:n/adopted-backups', (_, q, a) => ok(world.adoptedOf(a.n))],
  ['GET', '/projects/:p/instances/:n/wal', (_, q, a) => ok(world.walOf(a.n))], ['PUT', '/projects/:p/instances/:n/wal', (b, q, a) => ok({ ...world.walOf(a.n), ...b })],
  ['POST', '/projects/:p/instances', (b) => ok(b, 201)], ['DELETE', '/projects/:p/instances/:n', () => ({ status: 204 })],
  ['GET', '/projects/:p/instances/:n', (_, q, a) => one(world.instances.find((i) => i.name === a.n), `instance ${a.n}`)], ['PUT', '/projects/:p/instances/:n', (b) => ok(b)],
  ['GET', '/projects/:p/databases', (_, q) => page(world.databases, q)],
  ['POST', '/projects/:p/databases', (b) => (world.databases.some((d) => d.name === b.name) ? problem(409, `A database ${b.name} exists in this project; choose another name.`, { field: 'name' }) : ok(b, 201))],
  ['GET', '/projects/:p/databases/:n', (_, q, a) => one(world.databases.find((d) => d.name === a.n), `database ${a.n}`)],
  ['PUT', '/projects/:p/databases/:n', (b) => ok(b)], ['DELETE', '/projects/:p/databases/:n', () => ({ status: 204 })],
  ['POST', '/projects/:p/databases/:n/check', () => ok(world.check())], ['POST', '/projects/:p/check', () => ok(world.check(false))],
  ['GET', '/projects/:p/runs', (_, q) => page(world.runItems().filter((r) => (!q.get('job') || r.job === q.get('job')) && (!q.get('status') || q.get('status').split(',').includes(r.status)) && (!q.get('trigger') || r.trigger === q.get('trigger')) && (!q.get('schedule') || r.schedule === q.get('schedule')) && (!q.get('from') || r.createdAt >= q.get('from')) && (!q.get('to') || r.createdAt < q.get('to')) && (!q.get('database') || r.summary.databases.includes(q.get('database')))), q)],
  ['POST', '/projects/:p/runs', () => ok(world.runs[0], 202)],
  ['GET', '/projects/:p/runs/last', (_, q) => (q.get('job') === 'backup' ? ok({ id: world.runs[0].id, job: 'backup', trigger: 'PERSON', triggeredBy: 'admin', createdAt: world.ago(2.4), databases: ['shop', 'crm'], parameters: { checkpoint: 'fast' } }) : problem(404, 'Nobody has started this job in this project yet.'))],
  ['POST', '/projects/:p/runs/(stop|restart)', () => ok({ matched: 3, done: 2, refused: [{ id: world.runs[1].id, why: 'This run is already over or stopping.' }], more: false, next: null })],
  ['GET', '/projects/:p/runs/:id', (_, q, a) => one(world.runs.find((r) => r.id === a.id), 'such run')],
  ['GET', '/projects/:p/runs/:id/log', (_, q, a) => {
    const all = (a.id === world.runs[0].id ? world.log : a.id === world.runs[2].id ? world.failedLog : []).filter((l) => (!q.get('target') || l.target === q.get('target')) && (!q.get('q') || l.text.toLowerCase().includes(q.get('q'))) && l.seq > Number(q.get('after') ?? 0));
    return ok({ items: all, next: null });
  }],
  ['POST', '/projects/:p/runs/:id/:act', (_, q, a) => ok(world.runs.find((r) => r.id === a.id), 202)],
  ['GET', '/projects/:p/backups', (_, q) => page((q.get('database') === 'ledger' ? world.ledger : world.backups).filter((b) => !q.get('database') || b.databases.includes(q.get('database'))), q)],
  ['GET', '/projects/:p/backups/:id/objects', (_, q) => page(world.storedObjects, q)],
  ['GET', '/projects/:p/backups/:id', (_, q, a) => one([...world.backups, ...world.ledger].find((b) => b.id === a.id), 'such backup')],
  ['GET', '/projects/:p/findings', (_, q) => page(world.findings.filter((f) => f.state === (q.get('state') ?? 'OPEN') && (!q.get('severity') || f.severity === q.get('severity'))), q)],
  ['GET', '/projects/:p/policies', (_, q, a) => page(a.p === 'demo' ? world.policies : [], q)], ['POST', '/projects/:p/policies/simulate', () => ok(world.simulation)], ['POST', '/projects/:p/policies', (b) => ok(b, 201)],
  ['GET', '/projects/:p/policies/:n', (_, q, a) => one(world.policyOf(a.n), `policy ${a.n}`)], ['PUT', '/projects/:p/policies/:n', (_, q, a) => ok(world.policyOf(a.n))], ['DELETE', '/projects/:p/policies/:n', () => ok({ instances: [] })],
  ['GET', '/projects/:p/deletion-requests', (_, q, a) => page(a.p === 'demo' ? world.deletions : [], q)], ['GET', '/projects/:p/two-person-deletion', (_, q, a) => ok(world.twoPerson(a.p === 'demo'))], ['PUT', '/projects/:p/two-person-deletion', () => ok(world.twoPerson(true))],
  ['POST', '/projects/:p/deletion-requests/:id/:act', () => ok(world.deletions[0])],
  ['GET', '/projects/:p/schedules', (_, q) => page(world.schedules, q)],
  ['POST', '/schedules/preview', (b) => (b.cron.includes('31 2') ? problem(422, `“${b.cron}” never comes: February has no 31st.`, { field: 'cron' }) : ok({ fires: world.nextFires(300) }))],
  ['GET', '/projects/:p/pause', (_, q, a) => ok({ paused: a.p === 'demo' ? world.pause : null })], ['PUT', '/projects/:p/pause', (b) => ok({ paused: b })], ['GET', '/pause', () => ok({ paused: null })],
  ['GET', '/projects/:p/blackouts', (_, q, a) => page(a.p === 'demo' ? world.blackouts : [], q)], ['POST', '/projects/:p/blackouts', (b) => ok(b, 201)],
  ['GET', '/projects/:p/windows', (_, q, a) => page(a.p === 'demo' ? world.windows : [], q)], ['POST', '/projects/:p/windows', (b) => ok(b, 201)],
  ['GET', '/projects/:p/calendar', (_, q) => ok(world.calendar(q.get('from'), q.get('to')))],
  ['POST', '/projects/:p/schedules/:n/:act', (_, q, a) => ok(world.schedules.find((s) => s.name === a.n))],
  ['POST', '/projects/:p/schedules', (b) => ok(b, 201)],
  ['GET', '/projects/:p/schedules/:n', (_, q, a) => one(world.schedules.find((s) => s.name === a.n), `schedule ${a.n}`)],
  ['PUT', '/projects/:p/schedules/:n', (b, _, a) => { Object.assign(world.schedules.find((s) => s.name === a.n) ?? {}, b); return ok(b); }], ['DELETE', '/projects/:p/schedules/:n', () => ({ status: 204 })],
].map(([method, pattern, answer]) => [method, new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), answer]);

function answer(method, path, query, body) {
  if (path === '/login' && method === 'GET') return ok({ local: true, openId: { name: 'Example' }, problem: query.get('problem') ? { title: 'Login needed', status: 401, detail: 'The login provider did not let you in.', remedy: 'Try again, or ask who runs it whether you may use Nightshift.' } : null });
  if (path === '/login') {
    if (body.password !== 'nightshift') return problem(401, 'Name or password is wrong.');
    mood.loggedIn = true;
    return ok(world.me);
  }
  if (!mood.loggedIn) return problem(401, 'Log in first.');
  if (mood.away) return problem(503, 'The repository database is away.');
  for (const [each, pattern, respond] of routes) {
    const match = each === method && pattern.exec(path);
    if (!match) continue;
    if (match.groups?.p === 'empty' && method === 'GET') return path.endsWith('/two-person-deletion') ? ok(world.twoPerson(false)) : path.endsWith('/keys') ? ok({ items: world.projectKeys('empty'), next: null }) : path.endsWith('/overview') ? ok({ ...world.overview(), databases: { total: 0, proven: 0, oldestProofAt: null }, lastNight: { done: 0, failed: 0, from: null, to: null }, waiting: { runs: 0, nextFire: null, nextJob: null }, findings: { critical: 0, warning: 0, info: 0, top: null }, night: { ...world.overview().night, lanes: [] } }) : ok({ items: [], next: null });
    return respond(body, query, match.groups ?? {});
  }
  return problem(404, 'There is nothing at this address.');
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  if (url.pathname === '/dev') {
    Object.assign(mood, body);
    if (!mood.feed) for (const client of feed.clients) client.terminate();
    response.end('{}');
  } else if (url.pathname.startsWith('/health/')) {
    const up = !mood.away || url.pathname.endsWith('live');
    response.writeHead(up ? 200 : 503, { 'Content-Type': 'application/json' }).end(JSON.stringify({ checks: [{ name: 'nightshift', status: up ? 'UP' : 'DOWN' }] }));
  } else if (url.pathname.startsWith('/api/')) {
    if (mood.slow) await new Promise((resolve) => { setTimeout(resolve, mood.slow); });
    const { status, body: answered } = answer(request.method, decodeURIComponent(url.pathname.slice(4)), url.searchParams, body);
    response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' }).end(answered && JSON.stringify(answered));
  } else {
    const asked = join(folder, normalize(url.pathname));
    const file = existsSync(asked) && statSync(asked).isFile() ? asked : join(folder, 'index.html');
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP }).end(readFileSync(file));
  }
});

const feed = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (!request.url.startsWith('/live') || !mood.feed || !mood.loggedIn) return socket.destroy();
  return feed.handleUpgrade(request, socket, head, (client) => client.send('{"kind":"hello"}'));
});

// The running backup goes on, a line and some bytes a second.
setInterval(() => {
  const [running] = world.runs;
  const { progress } = running.targets[0];
  if (progress.done >= progress.total) progress.done = 0;
  progress.done = Math.min(progress.total, progress.done + 19_000_000);
  progress.etaMillis = Math.round((progress.total - progress.done) / 19_000);
  running.progress = 0.3 + 0.6 * progress.done / progress.total;
  running.targets[0].steps[1].figure = `${(progress.done / 1e9).toFixed(1)} GB`;
  world.log.push({ seq: world.log.length + 1, at: new Date().toISOString(), target: running.targets[0].id, level: 'INFO', text: `Received ${(progress.done / 1e6).toFixed(1)} MB` });
  for (const client of feed.clients) {
    client.send(JSON.stringify({ kind: 'target', id: running.id }));
    client.send(JSON.stringify({ kind: 'log', id: running.id }));
  }
}, 1000).unref();

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/  (admin / nightshift)`));
