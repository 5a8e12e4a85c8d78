// A believable fleet for developing the console without a server. Times are relative to the start.
export const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
export const ahead = (minutes) => ago(-minutes);
const id = (n) => `0193a7c4-${String(n).padStart(4, '0')}-7d1e-9c3b-5f2e8a${String(100000 + n * 7919 % 899999)}`;
const H = 60;

export const me = {
  name: 'admin', kind: 'PERSON', installationAdmin: true,
  projects: [
    { name: 'demo', displayName: 'Demo', role: 'ADMIN', timeZone: 'Europe/Vienna', currency: 'EUR' },
    { name: 'empty', displayName: 'Empty', role: 'ADMIN', timeZone: 'UTC', currency: 'EUR' },
  ],
};

export const jobs = [
  { name: 'backup', title: 'Backup', description: 'A full physical backup of the instance: compressed, encrypted, streamed into the store.', unit: 'INSTANCE', steps: ['prepare', 'copy', 'wal', 'seal'], parameters: [
    { name: 'rateLimitKilobytesPerSecond', type: 'INTEGER', label: 'Rate limit', help: 'Kilobytes a second that the server sends at most; nothing for no limit.', defaultValue: null, min: 32, max: 1048576, choices: null, required: false },
    { name: 'checkpoint', type: 'CHOICE', label: 'Checkpoint', help: 'Fast starts at once; spread is gentle.', defaultValue: 'spread', choices: ['fast', 'spread'], required: true },
    { name: 'kind', type: 'CHOICE', label: 'Kind', help: 'Full holds everything, logical one database as pg_dump writes it.', defaultValue: 'full', choices: ['full', 'incremental', 'differential', 'logical', 'schema', 'data'], required: false },
    { name: 'tables', type: 'TEXT', label: 'Tables', help: 'Of a logical backup: only these tables, each with its schema.', defaultValue: null, choices: null, required: false }] },
  { name: 'restore-drill', title: 'Restore drill', description: 'Restores the backup in a scratch server, recovers it and checks it: the proof.', unit: 'INSTANCE', steps: ['fetch', 'unpack', 'recover', 'check'], parameters: [
    { name: 'backup', type: 'TEXT', label: 'Backup', help: 'Empty: the newest.', defaultValue: null, choices: null, required: false }] },
  { name: 'vacuum', title: 'Vacuum and analyze', description: 'Vacuums tables with many dead rows and analyzes those that changed, the neediest first.', unit: 'DATABASE', steps: ['survey', 'vacuum', 'analyze'], parameters: [
    { name: 'windowMinutes', type: 'INTEGER', label: 'Window, minutes', help: 'It starts no table after that.', defaultValue: 120, min: 1, max: 1440, choices: null, required: false },
    { name: 'skipLocked', type: 'BOOLEAN', label: 'Skip locked tables', help: 'They are tried again next time.', defaultValue: true, choices: null, required: false }] },
  { name: 'restore', title: 'Restore', description: 'Writes a backup to a folder as a cluster that PostgreSQL starts.', unit: 'INSTANCE', steps: ['fetch', 'unpack', 'verify'], parameters: [
    { name: 'backup', type: 'TEXT', label: 'Backup', help: null, defaultValue: null, choices: null, required: true },
    { name: 'folder', type: 'TEXT', label: 'Folder on the node', help: 'New or empty, an absolute path.', defaultValue: null, choices: null, required: false },
    { name: 'newDatabase', type: 'TEXT', label: 'New database', help: 'In place of the folder, and for a logical backup.', defaultValue: null, choices: null, required: false },
    { name: 'database', type: 'TEXT', label: 'Database', help: 'Of a physical backup, into a new database: the database to take.', defaultValue: null, choices: null, required: false },
    { name: 'to', type: 'CHOICE', label: 'To', help: 'Where recovery ends.', defaultValue: 'backup', choices: ['backup', 'latest', 'time', 'lsn', 'xid', 'name'], required: false },
    { name: 'point', type: 'TEXT', label: 'Point', help: 'A time as ISO 8601 with its zone, a position, a transaction or a name.', defaultValue: null, choices: null, required: false },
    { name: 'schemas', type: 'TEXT', label: 'Schemas', help: 'Of a physical backup, into a new database: only these schemas.', defaultValue: null, choices: null, required: false },
    { name: 'tables', type: 'TEXT', label: 'Tables', help: 'Of a physical backup, into a new database: only these tables, each with its schema.', defaultValue: null, choices: null, required: false },
    { name: 'createRoles', type: 'BOOLEAN', label: 'Create roles', help: 'Creates the roles that the server lacks.', defaultValue: false, choices: null, required: false }] },
];

const step = (name, status, from, minutes, figure = null, reason = null) => ({
  name, status, startedAt: from === null ? null : ago(from), endedAt: minutes === null || from === null ? null : ago(from - minutes), durationMillis: minutes === null ? null : Math.round(minutes * 60_000), figure, reason });
const target = (n, name, status, from, minutes, steps, more = {}) => ({
  id: id(n), instance: more.instance ?? name, database: more.database ?? null, databases: [name], status, reason: null, remedy: null, attempt: 1, startedAt: from === null ? null : ago(from),
  endedAt: minutes === null || from === null ? null : ago(from - minutes), durationMillis: minutes === null ? null : minutes * 60_000, progress: null, steps, figures: {}, ...more });
const run = (n, job, status, from, minutes, targets, more = {}) => ({
  id: id(n), job, status, reason: null, trigger: 'SCHEDULE', triggeredBy: null, schedule: job === 'vacuum' ? 'vacuum-nightly' : job === 'backup' ? 'nightly' : 'drill', parameters: {}, createdAt: ago((from ?? 0) + 0.1), startedAt: from === null ? null : ago(from),
  endedAt: minutes === null || from === null ? null : ago(from - minutes), durationMillis: minutes === null ? null : minutes * 60_000, usualMillis: (minutes ?? 4) * 57_000, attempt: 1, node: 'night-1', progress: null, attempts: [{ number: 1, node: 'night-1', cause: 'FIRST', by: null, startedAt: ago(from ?? 0), endedAt: minutes === null || from === null ? null : ago(from - minutes) }], targets, ...more });
const backupSteps = (from, size) => [step('prepare', 'COMPLETED', from, 0.1, 'checkpoint 1.2 s'), step('copy', 'COMPLETED', from - 0.1, 3.1, size), step('wal', 'COMPLETED', from - 3.2, 0.4, '48.0 MB'), step('seal', 'COMPLETED', from - 3.6, 0.1, '1,204 objects')];
const drillSteps = (from) => [step('fetch', 'COMPLETED', from, 0.9, '312.4 MB'), step('unpack', 'COMPLETED', from - 0.9, 0.6, '1.1 GB'), step('recover', 'COMPLETED', from - 1.5, 0.4, '3 segments'), step('check', 'COMPLETED', from - 1.9, 1.1, '214 relations')];
const postgis = 'Recovery of billing failed: extension postgis is missing in the sandbox (could not access file "$libdir/postgis-3").';
const remedy = 'Install postgis for PostgreSQL 17 on the node, or name a folder that has it in NIGHTSHIFT_SANDBOX_BINARIES, then restart this target.';

export const runs = [
  run(1, 'backup', 'STARTED', 2.4, null, [
    target(101, 'shop', 'STARTED', 2.4, null, [step('prepare', 'COMPLETED', 2.4, 0.1, 'checkpoint 1.4 s'), step('copy', 'STARTED', 2.3, null, '2.1 GB'), step('wal', 'WAITING', null, null), step('seal', 'WAITING', null, null)],
      { progress: { done: 2_140_000_000, total: 3_300_000_000, unit: 'bytes', etaMillis: 74_000, text: 'base/16384/24601' }, usualMillis: 92_000, usualP95Millis: 128_000 }),
    target(102, 'crm', 'COMPLETED', 2.4, 1.9, [step('prepare', 'COMPLETED', 2.4, 0.1, 'checkpoint 0.4 s'), step('copy', 'COMPLETED', 2.3, 1.4, '480.2 MB'), step('wal', 'COMPLETED', 0.9, 0.3, '16.0 MB'), step('seal', 'COMPLETED', 0.6, 0.1, '388 objects')]),
    target(103, 'warehouse', 'WAITING', null, null, [])], { trigger: 'PERSON', triggeredBy: 'admin', schedule: null, progress: 0.62, usualMillis: 95_000, usualP95Millis: 131_000, logLinesDropped: 1204, parameters: { checkpoint: 'fast', rateLimitKilobytesPerSecond: 51200 } }),
  run(2, 'vacuum', 'QUEUED', null, null, [target(111, 'crm', 'WAITING', null, null, [], { database: 'crm' })], { reason: 'the window opens at 22:00', usualMillis: 190_000, node: null }),
  run(3, 'restore-drill', 'FAILED', 95, 6.2, [target(121, 'billing', 'FAILED', 95, 6.2, [step('fetch', 'COMPLETED', 95, 1.4, '841.9 MB'), step('unpack', 'COMPLETED', 93.6, 2.2, '3.0 GB'), step('recover', 'FAILED', 91.4, 2.6, null, postgis), step('check', 'SKIPPED', null, null)], { reason: postgis, remedy })], { reason: postgis }),
  run(4, 'restore-drill', 'COMPLETED', 170, 3, [target(131, 'shop', 'COMPLETED', 170, 3, drillSteps(170))]),
  run(5, 'vacuum', 'PARTIAL', 205, 11, [
    target(141, 'shop', 'COMPLETED', 205, 9, [step('survey', 'COMPLETED', 205, 0.1, '38 tables'), step('vacuum', 'COMPLETED', 204.9, 7, '6 tables'), step('analyze', 'COMPLETED', 198, 2, '11 tables')], { database: 'shop' }),
    target(142, 'billing', 'FAILED', 205, 11, [step('survey', 'COMPLETED', 205, 0.1, '61 tables'), step('vacuum', 'FAILED', 204.9, 10.9, '2 of 5 tables', 'canceling statement due to lock timeout'), step('analyze', 'STOPPED', null, null)], { database: 'billing', reason: 'invoice_line stayed locked by another session for 30 s, three times.', remedy: 'Find the session in pg_stat_activity (pid 48213, idle in transaction since 01:12), end it, then restart this target.' })], { reason: '1 of 2 targets failed' }),
  run(6, 'backup', 'COMPLETED', 260, 4.2, [target(151, 'shop', 'COMPLETED', 260, 3.7, backupSteps(260, '3.1 GB')), target(152, 'billing', 'COMPLETED', 260, 4.2, backupSteps(260, '841.9 MB')), target(153, 'crm', 'COMPLETED', 260, 1.9, backupSteps(260, '312.4 MB'))]),
  run(7, 'backup', 'MISSED', null, null, [target(161, 'warehouse', 'SKIPPED', null, null, [])], { reason: 'the node was down when it was due; the next time is tomorrow', createdAt: ago(300) }),
  run(8, 'vacuum', 'STOPPED', 1500, 5, [target(171, 'warehouse', 'STOPPED', 1500, 5, [step('survey', 'COMPLETED', 1500, 0.1, '12 tables'), step('vacuum', 'STOPPED', 1499, 4.9, '3 of 12 tables'), step('analyze', 'WAITING', null, null)], { database: 'warehouse' })], { trigger: 'PERSON', triggeredBy: 'mira', schedule: null, reason: 'stopped by mira' }),
  run(9, 'backup', 'LOST', 1680, 2, [target(181, 'crm', 'LOST', 1680, 2, [step('prepare', 'COMPLETED', 1680, 0.1), step('copy', 'LOST', 1679, 1.9, '120.2 MB')], { reason: 'Node night-2 sent no heartbeat for 30 s.', remedy: 'Nothing: it was restarted by policy on another node.' })], { reason: 'Node night-2 sent no heartbeat for 30 s.', attempt: 3, node: 'night-2', attempts: [
    { number: 1, node: 'night-1', cause: 'FIRST', by: null, startedAt: ago(1800), endedAt: ago(1790) }, { number: 2, node: 'night-2', cause: 'RECOVERY', by: null, startedAt: ago(1789), endedAt: ago(1700) },
    { number: 3, node: 'night-2', cause: 'RETRY', by: 'mira', startedAt: ago(1680), endedAt: ago(1678) }] }),
  ...Array.from({ length: 110 }, (_, n) => run(200 + n, ['backup', 'restore-drill', 'vacuum'][n % 3], n % 17 === 5 ? 'SKIPPED' : 'COMPLETED', 1800 + n * 130, 3 + n % 5, [target(3000 + n, ['shop', 'billing', 'crm', 'warehouse'][n % 4], 'COMPLETED', 1800 + n * 130, 3, drillSteps(1800 + n * 130))])),
];

/** As lists show runs. */
export const runItems = () => runs.map(({ targets, ...item }) => {
  const names = [...new Set(targets.flatMap((t) => t.databases))];
  const counts = {};
  for (const { status } of targets) counts[status] = (counts[status] ?? 0) + 1;
  return { ...item, summary: { targets: counts, databases: names.slice(0, 5), databaseCount: names.length, reason: targets.find((t) => t.reason)?.reason ?? null, figures: targets[0]?.figures ?? {} } };
});

const rung = (number, level, outcome, from, seconds, evidence, reason = null) => ({ level, number, outcome, at: from === null ? null : ago(from), durationMillis: seconds === null ? null : seconds * 1000, evidence, reason });
const restored = (from, run) => ({ level: 'RESTORED', levelNumber: 3, at: ago(from), rtoMillis: 154_200, reason: null, run, store: 'local', notChecked: ['Hash indexes (amcheck has no check for them): 2', 'Large objects: content is not compared'], ladder: [
  rung(0, 'STORED', 'PASSED', from + 3, 0.8, '1,204 objects, 312.4 MB'), rung(1, 'INTACT', 'PASSED', from + 3, 6.1, '1,204 of 1,204 SHA-256 sums equal the manifest’s'), rung(2, 'READABLE', 'PASSED', from + 2, 41.7, '2,881 files, 1.1 GB unpacked; every CRC-32C fits'), rung(3, 'RESTORED', 'PASSED', from, 97.2, 'Recovered to 0/4A0001F8, past the stop position; promoted; amcheck found nothing in 214 relations'), rung(4, 'MATCHED', 'NOT_CHECKED', null, null, null)] });
const matched = (from, run) => ({ level: 'MATCHED', levelNumber: 4, at: ago(from), rtoMillis: 9_400, reason: null, run, store: 'local', notChecked: ['passwords of roles: they are not in the backup', 'orders: public.sums: a materialized view: a restore computes it anew'], ladder: [
  rung(0, 'STORED', 'PASSED', from + 1, 0.1, '4 objects, 41.2 MB'), rung(1, 'INTACT', 'PASSED', from + 1, 0.3, '4 objects, 41.2 MB'), rung(2, 'READABLE', 'PASSED', from + 1, 0.9, 'what pg_dump wrote to its end, 144.2 MB'), rung(3, 'RESTORED', 'PASSED', from, 9.4, 'pg_restore 17.6 restored database orders without an error: 31 tables, 44 indexes, 71 constraints, 3 functions'), rung(4, 'MATCHED', 'PASSED', from, 2.1, '1,204,331 rows in 31 tables of 1 database equal the source’s; 1 relation not compared')] });
const broken = (from, run) => ({ level: 'READABLE', levelNumber: 2, at: ago(from), rtoMillis: null, reason: postgis, run, store: 'local', notChecked: ['Everything from recovery on'], ladder: [
  rung(0, 'STORED', 'PASSED', from + 6, 1.1, '2,011 objects, 841.9 MB'), rung(1, 'INTACT', 'PASSED', from + 6, 14.3, '2,011 of 2,011 SHA-256 sums equal the manifest’s'), rung(2, 'READABLE', 'PASSED', from + 4, 84, '6,114 files, 3.0 GB unpacked'), rung(3, 'RESTORED', 'FAILED', from, 156, null, postgis), rung(4, 'MATCHED', 'NOT_POSSIBLE', null, null, null, 'It needs a restored server.')] });
const unproven = { level: 'STORED', levelNumber: 0, at: ago(258), rtoMillis: null, reason: null, run: null, store: 'local', notChecked: [], ladder: [rung(0, 'STORED', 'PASSED', 258, 0.6, '388 objects, 120.2 MB')] };
const copy = (store, state, storedBytes, proof) => ({ store, location: 'demo/shop/20261121T021504Z', state, storedBytes, madeAt: storedBytes && ago(250), verifiedAt: storedBytes && ago(60), run: id(6), proof });
const backup = (n, instance, from, stored, proof, more = {}) => ({
  id: id(n), instance, databases: [instance], kind: 'FULL', parent: null, fullBecause: null, hold: n === 501 ? { reason: 'the auditors want the end of the year', by: 'mira' } : null, state: 'COMPLETE', run: id(6), takenAt: ago(from), endedAt: ago(from - 4), durationMillis: 231_400, serverVersion: '17.6', sizeBytes: stored * 3.5, storedBytes: stored, store: 'local', location: `demo/${instance}/20261121T021504Z`,
  startLsn: '0/48000028', stopLsn: '0/48000120', recoversTo: '0/4A0001F8', provenTo: proof.levelNumber >= 3 ? '0/4A0001F8' : null, timeline: 1, checksums: { enabled: true, failures: 0 }, tablespaces: 1, keyId: 'kek-demo-2026-11', selection: null, chain: { position: 1, of: 1, backups: [id(n)] }, proof, copies: n === 501 ? [copy('offsite', 'WHOLE', stored, { ...restored(60, id(4)), store: 'offsite' }), copy('nas', 'COPYING', null, { ...unproven, level: 'NONE', levelNumber: -1, at: null, ladder: [], store: 'nas' })] : [], ...more });

export const backups = [
  backup(501, 'shop', 256, 312_400_000, restored(167, id(4))), backup(502, 'billing', 256, 841_900_000, broken(89, id(3))), backup(503, 'crm', 257, 12_200_000, unproven, { kind: 'INCREMENTAL', parent: id(602), chain: { position: 2, of: 2, backups: [id(602), id(503)] } }),
  backup(504, 'shop', 1700, 311_800_000, restored(1600, id(200))), backup(505, 'warehouse', 1740, 2_141_000_000, { ...unproven, level: 'NONE', levelNumber: -1, at: ago(1700), ladder: [rung(0, 'STORED', 'FAILED', 1700, 0.4, null, 'Object base.tar.zst.0017 is missing in store local.')], reason: 'Object base.tar.zst.0017 is missing in store local.' }, { state: 'DAMAGED', checksums: { enabled: false, failures: 0 } }),
  backup(506, 'shop', 1800, 41_200_000, matched(1790, id(201)), { kind: 'LOGICAL', databases: ['orders'], checksums: null, recoversTo: null, provenTo: null, stopLsn: '0/48000028' }),
  ...Array.from({ length: 60 }, (_, n) => backup(600 + n, ['shop', 'billing', 'crm'][n % 3], 3100 + n * 700, 290_000_000 - n * 1_000_000, n % 4 ? restored(3000 + n * 700, id(201)) : unproven)),
];

const drill = (n, from, store, chosen, more = {}) => ({ id: id(7000 + n), at: ago(from), backup: backups[0].id, run: id(4), store, chosen, point: null, level: 'RESTORED', levelNumber: 3, outcome: 'PASSED', reason: null, rtoMillis: 150_000 + 9_000 * (n % 5), provenMillis: 210_000 + 9_000 * (n % 5), kitMadeAt: n === 2 ? ago(9000) : null, ...more });
export const drillsOf = (name) => (name !== 'shop' ? { items: [], next: null, trend: { lastMedianMillis: null, beforeMedianMillis: null } } : { next: null, trend: { lastMedianMillis: 168_000, beforeMedianMillis: 159_000 }, items: [
  drill(1, 60, 'offsite', 'NEWEST'), drill(2, 167, 'local', 'NEWEST'), drill(3, 1500, 'local', 'RANDOM_POINT', { point: 'the time 2026-11-19T14:02:11Z' }), drill(4, 3000, 'offsite', 'RANDOM', { level: 'STORED', levelNumber: 0, outcome: 'FAILED', reason: 'The object base.tar/0003 has another SHA-256 than was stored.', rtoMillis: null, provenMillis: null }),
  ...Array.from({ length: 16 }, (_, n) => drill(5 + n, 4400 + n * 1440, 'local', n % 3 ? 'NEWEST' : 'RANDOM'))] });

const item = (key, label, state, found, fix = null) => ({ item: key, label, state, found, remedy: fix });
export const check = (ok = true) => ({ at: ago(0.05), ok, serverVersion: '17.6', items: [
  item('connect', 'Connection', 'OK', 'db-1.example.org:5432 answered in 4 ms'), item('tls', 'TLS', 'OK', 'TLS 1.3, certificate not checked (mode require)'), item('login', 'Login', 'OK', 'nightshift'), item('database', 'Database', 'OK', 'shop'), item('version', 'Server version', 'OK', 'PostgreSQL 17.6'),
  item('physicalBackup', 'Physical backup', 'OK', 'possible from PostgreSQL 15'), item('walLevel', 'wal_level', 'OK', 'replica'),
  item('replication', 'Replication privilege', ok ? 'OK' : 'FAILED', ok ? 'present' : 'nightshift may not replicate', ok ? null : 'ALTER ROLE nightshift REPLICATION;'),
  item('privilege.pg_monitor', 'Role pg_monitor', ok ? 'OK' : 'FAILED', ok ? 'member' : 'not a member', ok ? null : 'GRANT pg_monitor TO nightshift;'),
  item('summarizeWal', 'summarize_wal', 'WARNING', 'off: incremental backups are not possible', 'ALTER SYSTEM SET summarize_wal = on;\nSELECT pg_reload_conf();'), item('pgStatStatements', 'pg_stat_statements', 'NOT_MEASURED', 'not installed in this database')] });
const database = (n, name, size, found, lastCheck, more = {}) => ({ id: id(n), name, instance: name, dbname: name, tags: [], sizeBytes: size, vacuum: { deadPercent: 20, changedPercent: 10, floorRows: 1000 }, lastCheck, backup: found && { id: found.id, takenAt: found.takenAt, storedBytes: found.storedBytes, proof: found.proof }, ...more });
export const databases = [
  database(701, 'shop', 3_300_000_000, backups[0], check(), { tags: ['production', 'gold'] }), database(702, 'billing', 8_912_000_000, backups[1], check(false), { tags: ['production'] }),
  database(703, 'crm', 480_200_000, backups[2], check(), {}), database(704, 'warehouse', null, backups[4], null, { tags: ['analytics'] }), database(705, 'shop-staging', 912_000, null, check(), { instance: 'shop', dbname: 'shop_staging' }),
];
const instance = (n, name, more = {}) => ({ id: id(n), name, host: `${name}.db.example.org`, port: 5432, members: [], tlsMode: 'verify-full', rootCertificate: '/srv/nightshift/credentials/root.crt', clientCertificate: null, clientKey: null, user: 'nightshift', hasPassword: true, passwordFile: null, passwordVariable: null, maintenanceDatabase: 'postgres', serverVersion: '17.6', systemIdentifier: '7432988129021', tags: [], proofDays: 7, breaker: { state: 'CLOSED', since: ago(4000), failures: 0, lastError: null, retryAt: null }, pool: { active: 1, idle: 2, waiting: 0 }, databases: [name], ...more });
export const instances = [instance(801, 'shop', { databases: ['shop', 'shop-staging'] }), instance(802, 'billing'), instance(803, 'crm', { serverVersion: '18.4' }),
  instance(804, 'warehouse', { serverVersion: null, breaker: { state: 'OPEN', since: ago(12), failures: 5, lastError: 'Connection to warehouse.db.example.org:5432 refused five times in a row.', retryAt: ahead(0.7) }, pool: { active: 0, idle: 0, waiting: 0 } }), instance(805, 'spare', { databases: [], proofDays: 0, hasPassword: false })];

const off = { enabled: false, pieceSeconds: 30, retainedLimitBytes: 10 * 2 ** 30, giveUp: false, rpoGoalSeconds: 900, store: 'local', state: 'OFF', message: null, slot: 'nightshift_wal_01a22596_aa04_7f41_a176_b79ae14cdfcb', retainedBytes: null, coveredTo: null, rpoSeconds: null, stretches: [] };
const stretch = (from, to, minutes, covered, gap = null, timeline = 1) => ({ timeline, from, to, begunAt: ago(minutes), coveredTo: ago(covered), gap });
export const wal = {
  shop: { ...off, enabled: true, state: 'STREAMING', retainedBytes: 21_400_000, coveredTo: ago(0.6), rpoSeconds: 36, stretches: [stretch('5/3A000000', '5/7F0B0000', 9000, 0.6)] },
  billing: { ...off, enabled: true, giveUp: true, state: 'FAILING', message: 'nightshift@billing.db.example.org:5432/postgres refuses replication: FATAL: number of requested standby connections exceeds max_wal_senders. Raise max_wal_senders: a backup needs two, beside those of the standbys.', retainedBytes: 9_400_000_000, coveredTo: ago(74), rpoSeconds: 4440, stretches: [stretch('A/21000000', 'A/4F0000A0', 2000, 74, 'the server had removed the log after A/1F000000 on timeline 1', 2), stretch('9/1C000000', 'A/1F000000', 30_000, 2100)] },
  warehouse: { ...off, enabled: true, state: 'FAILING', message: 'The store local does not answer: its folder is not there.', coveredTo: ago(14), rpoSeconds: 840, stretches: [stretch('2/10000000', '2/7A000000', 1800, 14)] },
};
const store = (name, kind, more) => ({ name, kind, folder: null, bucket: null, prefix: null, endpoint: null, region: null, account: null, secretFile: null, secretVariable: null, lockDays: null, deleteAccount: null, deleteSecretFile: null, deleteSecretVariable: null, lostSince: null, ...more });
export const stores = [store('local', 'FOLDER', {}), store('offsite', 'S3', { bucket: 'acme-backups', prefix: 'nightshift', region: 'eu-central-1', account: 'AKIAIOSFODNN7EXAMPLE', secretVariable: 'NIGHTSHIFT_CREDENTIAL_OFFSITE', lockDays: 30, deleteSecretVariable: 'NIGHTSHIFT_CREDENTIAL_DELETE' }), store('vault', 'AZBLOB', { bucket: 'nightly', account: 'acmestore', secretFile: '/srv/nightshift/credentials/azure', lostSince: ago(900) })];
export const checkOf = (name) => (name === 'vault' ? { works: false, steps: [{ step: 'OPEN', passed: true, millis: 3, reason: null, remedy: null }, { step: 'WRITE', passed: false, millis: 412, reason: 'The store vault refuses: AuthorizationFailure, this request is not authorized (write .nightshift-check/…).', remedy: 'Check the store’s account, its secret and this machine’s clock, and that it may read, write, list and delete there.' }] }
  : { works: true, steps: ['OPEN', 'WRITE', 'ONCE', 'READ', 'LIST', 'DELETE'].map((step, at) => ({ step, passed: true, millis: 12 + 31 * at, reason: null, remedy: null })) });
const goal = (name, wanted, measured, state, reason) => ({ goal: name, unit: name === 'STORES' ? 'STORES' : 'SECONDS', wanted, measured, measuredAt: measured == null ? null : ago(name === 'RTO' ? 167 : 0), state, reason });
const work = (policy, work, cron, hours, more) => ({ name: work.toLowerCase().replace(/_/g, '-'), work, cron, zone: 'Europe/Vienna', except: [], from: null, kit: null, passphraseFile: null, rateLimitKilobytesPerSecond: null, schedule: `${policy}-${work.toLowerCase().replace(/_/g, '-')}`, nextFire: hours == null ? null : new Date(Date.now() + hours * 3_600_000).toISOString(), paused: hours == null, lastRun: { id: id(6), status: 'COMPLETED', at: ago(260) }, ...more });
const policy = (name, description, databases, goals, keep, counts, schedules = [], stores = []) => ({ name, description, databases, goals: { rpoSeconds: null, rtoSeconds: null, proofDays: null, backupHours: null, stores: null, keyDays: null, kitHours: null, ...goals }, keep: { days: 0, count: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, ...keep }, counts, schedules, stores });
export const policies = [policy('gold', 'what customers pay for', ['tag:production', 'billing'], { rpoSeconds: 300, rtoSeconds: 3600, proofDays: 7, backupHours: 26, stores: 2, keyDays: 180, kitHours: 24 }, { days: 14, monthly: 12 }, { instances: 2, met: 8, missed: 5, unknown: 1 }, [work('gold', 'FULL', '0 2 * * 0', 91, { rateLimitKilobytesPerSecond: 20480 }), work('gold', 'INCREMENTAL', '0 2 * * 1-6', 19.4, { except: ['12-24'] }), work('gold', 'DRILL_RANDOM', '30 4 * * *', null, { name: 'proof', schedule: 'gold-proof', from: 'each-store', kit: '/var/lib/nightshift/credentials/kit.json', passphraseFile: '/var/lib/nightshift/credentials/passphrase' }), work('gold', 'EXPIRE', '0 6 * * *', 23.4, { lastRun: null })], ['local', 'offsite']), policy('rest', '', ['*'], { backupHours: 48 }, {}, { instances: 2, met: 2, missed: 0, unknown: 0 })];
export const policyOf = (name) => { const found = policies.find((each) => each.name === name); return found && { policy: found, instances: name !== 'gold' ? [] : [
  { instance: 'billing', next: 'rest', goals: [goal('RPO', 300, 19_920, 'MISSED', 'The archived log does not go on from the newest backup without a gap: data since the newest backup of 2026-11-21 02:19 UTC would be lost.'), goal('RTO', 3600, null, 'UNKNOWN', 'No drill has restored a backup of it, or nothing that was restored still stands: how long that takes is not measured.'), goal('PROOF', 604_800, null, 'MISSED', 'No backup of it has been restored in a drill, or the last drill failed. It is registered since 2026-09-01 10:00 UTC.'), goal('BACKUP', 93_600, 15_120, 'MET', 'Its newest good backup is of 2026-11-21 02:19 UTC.'), goal('STORES', 2, 1, 'MISSED', 'The newest good backup, of 2026-11-21 02:19 UTC, lies whole in 1 store: local.'), goal('KEY', 15_552_000, 7_030_800, 'MET', 'Its newest good backup opens by a key that was made, or taken over, at 2026-09-01 10:00 UTC.'), goal('KIT', 86_400, 187_000, 'MISSED', 'The project’s newest key, of 2026-11-19 02:31 UTC, is in no recovery kit.')] },
  { instance: 'shop', next: 'rest', goals: [goal('RPO', 300, 36, 'MET', 'All that the server had acknowledged by 2026-11-21 06:33 UTC is stored, by the catalogue; what came later would be lost.'), goal('RTO', 3600, 155, 'MET', 'The drill of 2026-11-21 03:46 UTC had a restored server after 155 s: from the backup of 2026-11-21 02:19 UTC, 8.9 GB, without replay of later log.'), goal('PROOF', 604_800, 10_020, 'MET', 'Its newest proof is of 2026-11-21 03:46 UTC.'), goal('BACKUP', 93_600, 15_120, 'MET', 'Its newest good backup is of 2026-11-21 02:19 UTC.'), goal('STORES', 2, 2, 'MET', 'The newest good backup, of 2026-11-21 02:19 UTC, lies whole in 2 stores: local, offsite.'), goal('KEY', 15_552_000, 7_030_800, 'MET', 'Its newest good backup opens by a key that was made, or taken over, at 2026-09-01 10:00 UTC.'), goal('KIT', 86_400, 187_000, 'MISSED', 'The project’s newest key, of 2026-11-19 02:31 UTC, is in no recovery kit.')] },
], answeredElsewhere: name === 'rest' ? [{ instance: 'billing', policy: 'gold' }, { instance: 'shop', policy: 'gold' }] : [] }; };
export const simulation = { instances: [{ instance: 'shop', policy: 'gold', policyBefore: 'rest', reason: null, goes: [{ backup: id(600), kind: 'FULL', endedAt: ago(30_000), bytes: 290_412_118 }, { backup: id(603), kind: 'FULL', endedAt: ago(32_100), bytes: 287_001_924 }], stays: [{ backup: id(501), kind: 'FULL', endedAt: ago(252), because: ['it is the newest', 'it is not older than 14 days', 'it is on hold: the auditors want the end of the year'] }, { backup: id(504), kind: 'FULL', endedAt: ago(1696), because: ['it is not older than 14 days'] }], bytesFreed: 577_414_042, logBytesFreed: 88_080_384, windowFrom: ago(1696), windowTo: ago(0.6) }, { instance: 'billing', policy: 'gold', policyBefore: 'gold', reason: 'The store vault does not answer.', goes: [], stays: [], bytesFreed: 0, logBytesFreed: 0, windowFrom: null, windowTo: null }], answeredElsewhere: [], leftOut: [] };
const edge = (lsn, minutes, covered = null) => ({ lsn, at: minutes == null ? null : ago(minutes), coveredTo: covered == null ? null : ago(covered) });
const older = 'The store offsite holds a copy of the log up to 2/5C3A0000, the store local the log itself up to 2/7A000000.';
const own = (minutes, at) => [edge(`3/${at}000110`, minutes), edge(`3/${at}0F0000`, minutes - 2)];
/** shop: a line without a gap; billing: stale, with gaps of both kinds; crm: no archive, so that each backup stands alone; warehouse: its archive's store is away, and a copy is older; the others: nothing. */
export const windowOf = (name) => {
  if (name === 'shop') return { timeline: 1, from: edge('5/3A000110', 9000), to: edge('5/7F0A1C20', 1, 0.6), archived: true, gaps: [], lacks: null };
  if (name === 'billing') return { timeline: 2, from: edge('9/1C000110', 30_000), to: edge('A/4F000000', 75, 74), archived: true, gaps: [{ from: { ...edge('9/8F000000', 0), at: null }, to: edge('A/01000060', 12_000) }, { from: edge('A/1F000000', 2400), to: edge('A/21000060', 1990) }], lacks: null };
  if (name === 'warehouse') return { timeline: 1, from: edge('2/10000110', 1740), to: edge('2/5C3A0000', 384, 380), archived: true, gaps: [], lacks: older };
  if (name !== 'crm') return { timeline: null, from: null, to: null, archived: false, gaps: [], lacks: null };
  const all = [own(3000, '1A'), own(1560, '2A'), own(253, '3A')];
  return { timeline: 1, from: all[0][0], to: all[2][1], archived: false, gaps: [{ from: all[0][1], to: all[1][0] }, { from: all[1][1], to: all[2][0] }], lacks: null };
};
const planPart = (part, much, millis, kind) => ({ part, bytes: much, millis, measured: millis ? { kind, run: id(4), at: ago(167), bytes: much / 2, millis: millis / 2 } : null });
const planSize = (drilled) => ({ backups: [{ id: id(504), kind: 'FULL', sizeBytes: 1_100_000_000, storedBytes: 311_800_000 }, { id: id(501), kind: 'INCREMENTAL', sizeBytes: 96_000_000, storedBytes: 31_200_000 }], backupBytes: 343_000_000, logBytes: 41 * 2 ** 24, roomBytes: 1_870_000_000,
  parts: [planPart('FILES', 1_196_000_000, 61_000, 'RESTORE'), planPart('LOG', 41 * 2 ** 24, 12_400, 'RESTORE'), planPart('REPLAY', 42 * 2 ** 24, drilled ? 38_000 : null, 'DRILL')], millis: drilled ? 111_400 : null });
export const planOf = (body, name) => (body?.to?.time && Date.parse(body.to.time) > Date.now() - 60_000
  ? { reachable: false, certain: true, reason: `The stored log ends at 5/7F0A1C20, with the last transaction of ${ago(1)}.`, remedy: 'Choose an earlier time, or the latest.', backup: null, store: null, logStores: ['local'], lacks: null, backupFinishedAt: null, chain: [], segments: null, backupRestoreMillis: null, size: null }
  : { reachable: true, certain: !body?.to?.xid, reason: null, remedy: null, backup: backups[0].id, store: name === 'warehouse' ? 'offsite' : 'local', logStores: [name === 'warehouse' ? 'offsite' : 'local'], lacks: name === 'warehouse' ? older : null, backupFinishedAt: backups[0].takenAt, chain: [backups[3].id, backups[0].id], segments: { count: 41, bytes: 41 * 2 ** 24 }, backupRestoreMillis: 154_000, size: planSize(name !== 'warehouse') });
const adopted = (label, kind, minutes, stored, more = {}) => ({ label, kind, parent: null, failed: false, startedAt: ago(minutes + 4), endedAt: ago(minutes), sizeBytes: 8_912_000_000, storedBytes: stored, ...more });
export const adoptedOf = (name) => ({ reports: name !== 'billing' ? [] : [{ tool: 'pgbackrest', name: 'billing-main', reportedAt: ago(190), reportedBy: 'pgbackrest-host', backups: [
  adopted('20261120-013002F_20261120-053001I', 'INCREMENTAL', 200, 41_200_000, { parent: '20261120-013002F', failed: true }), adopted('20261120-013002F', 'FULL', 440, 1_310_000_000), adopted('20261113-013001F', 'FULL', 10_520, 1_270_000_000)] }] });
export const adoptedListed = adoptedOf('billing').reports.flatMap(({ backups: told, ...report }) => told.map((backup) => ({ instance: 'billing', ...report, at: backup.endedAt, backup })));
export const walOf = (name) => wal[name] ?? off;

const finding = (n, severity, title, detail, fix, subject, more = {}) => ({ id: id(n), severity, title, detail, remedy: fix, subject, state: 'OPEN', firstSeen: ago(3000), lastSeen: ago(89), count: 3, evidence: {}, run: null, ...more });
export const findings = [
  finding(901, 'CRITICAL', 'billing: its backup did not restore', postgis, remedy, { kind: 'BACKUP', name: 'billing', id: backups[1].id }, { run: id(3), evidence: { level: 'READABLE', file: '$libdir/postgis-3', server: '17.6' } }),
  finding(902, 'CRITICAL', 'warehouse: a stored backup is damaged', 'Object base.tar.zst.0017 is missing in store local; the backup of 20 Nov cannot be restored.', 'Take a new backup of warehouse now, and look for what removes files below the store’s folder.', { kind: 'BACKUP', name: 'warehouse', id: backups[4].id }, { count: 1 }),
  finding(903, 'WARNING', 'billing: the role may not replicate', 'Physical backups of billing use the login of another role until nightshift may replicate.', 'ALTER ROLE nightshift REPLICATION;', { kind: 'DATABASE', name: 'billing', id: id(702) }, { lastSeen: ago(300) }),
  finding(904, 'WARNING', 'warehouse: five connections failed in a row', 'Connection to warehouse.db.example.org:5432 was refused five times; work on it pauses.', 'Start the server or correct its address, then test the connection.', { kind: 'INSTANCE', name: 'warehouse', id: id(804) }, { lastSeen: ago(12), count: 41 }),
  finding(905, 'INFO', 'shop: summarize_wal is off', 'Incremental backups are not possible until it is on.', 'ALTER SYSTEM SET summarize_wal = on;', { kind: 'DATABASE', name: 'shop', id: id(701) }, { count: 1, lastSeen: ago(600) }),
  finding(906, 'WARNING', 'crm: proof was stale', 'The last proof was 40 h old.', null, { kind: 'DATABASE', name: 'crm', id: id(703) }, { state: 'CLOSED' }),
];

const fires = (minutes, every = 24 * H) => Array.from({ length: 5 }, (_, n) => new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000 + (minutes + n * every) * 60_000).toISOString());
export const nextFires = fires;
export const schedules = [
  { id: id(951), name: 'nightly', job: 'backup', cron: '0 2 * * *', zone: 'Europe/Vienna', databases: ['*'], policy: null, parameters: { checkpoint: 'spread' }, after: null, misfire: 'ONCE', overlap: 'SKIP', except: ['12-24'], paused: null, enabled: true, nextFires: fires(5 * H), lastRun: { id: id(6), status: 'COMPLETED', at: ago(260) } },
  { id: id(952), name: 'drill', job: 'restore-drill', cron: '30 3 * * 1-5', zone: 'Europe/Vienna', databases: ['tag:production', 'billing'], policy: null, parameters: {}, after: null, misfire: 'SKIP', overlap: 'QUEUE', except: [], paused: { since: ago(300), until: null, by: 'mira', why: 'The sandbox disk is being replaced.' }, enabled: true, nextFires: [], lastRun: { id: id(3), status: 'FAILED', at: ago(95) } },
  { id: id(953), name: 'vacuum-nightly', job: 'vacuum', cron: '0 22 * * *', zone: 'UTC', databases: ['*'], policy: null, parameters: { windowMinutes: 180 }, after: null, misfire: 'ONCE', overlap: 'SKIP', except: [], paused: null, enabled: false, nextFires: [], lastRun: { id: id(5), status: 'PARTIAL', at: ago(205) } },
  { id: id(954), name: 'drill-after-backup', job: 'restore-drill', cron: null, after: 'backup', zone: 'Europe/Vienna', databases: ['*'], policy: null, parameters: {}, misfire: 'ONCE', overlap: 'QUEUE', except: [], paused: null, enabled: true, nextFires: [], lastRun: null },
  { id: id(959), name: 'gold-full', job: 'backup', cron: '0 2 * * 0', after: null, zone: 'Europe/Vienna', databases: ['tag:production', 'billing'], policy: 'gold', parameters: { kind: 'full', store: 'local', copies: 'offsite' }, misfire: 'ONCE', overlap: 'SKIP', except: [], paused: null, enabled: true, nextFires: fires(91 * H), lastRun: { id: id(6), status: 'COMPLETED', at: ago(260) } },
];

export const pause = { since: ago(40), until: new Date(Date.now() + 5 * 3_600_000).toISOString(), by: 'admin', why: 'The storage is being moved tonight.' };
export const blackouts = [
  { id: id(955), name: 'Christmas', from: '2026-12-24T00:00', to: '2026-12-27T00:00', zone: 'Europe/Vienna', yearly: true, jobs: [] },
  { id: id(956), name: 'Year-end freeze', from: '2026-12-30T18:00', to: '2027-01-02T00:00', zone: 'Europe/Vienna', yearly: false, jobs: ['vacuum'] }];
export const windows = [
  { id: id(957), name: 'night', days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'], start: '22:00', end: '06:00', zone: 'Europe/Vienna', databases: [] },
  { id: id(958), name: 'weekend-noon', days: ['SATURDAY', 'SUNDAY'], start: '12:00', end: '14:30', zone: 'Europe/Vienna', databases: ['tag:production', 'crm'] }];
export function calendar(from, to) {
  const hour = 3_600_000;
  const start = Date.parse(from);
  const at = (days, hours) => new Date(start + (days * 24 + hours) * hour).toISOString();
  const days = [0, 1, 2, 3, 4, 5, 6];
  const past = (time) => Date.parse(time) < Date.now();
  const one = (time, schedule, job, status, reason) => (past(time) ? { run: id(6), job, schedule, status, reason, at: time, endedAt: time } : { at: time, schedule, job, heldBack: status === 'SKIPPED' ? reason : null });
  const all = days.flatMap((d) => [one(at(d, 2), 'nightly', 'backup', d === 1 ? 'FAILED' : 'COMPLETED', d === 1 ? 'shop: disk full in store nas-1' : null), one(at(d, 3.5), 'drill', 'restore-drill', d === 5 ? 'SKIPPED' : 'COMPLETED', d === 5 ? 'Blackout "Move of the storage", until 29 Nov 2026 06:00 (Europe/Vienna).' : null), ...Array.from({ length: 24 }, (_, n) => one(at(d, n + 0.25), 'vacuum-hourly', 'vacuum', n === 3 && d === 2 ? 'MISSED' : 'COMPLETED', null))]);
  return { from, to, runs: all.filter((e) => 'run' in e), fires: all.filter((e) => !('run' in e)), blackouts: [{ name: 'Move of the storage', from: at(5, 1), to: at(5, 6), jobs: [] }], pauses: [], windows: [-1, 0, 1, 2, 3, 4].map((d) => ({ name: 'night', from: at(d, 22), to: at(d, 30), databases: [] })), cut: ['vacuum-hourly'] };
}

export const nodes = [
  { id: id(961), name: 'night-1', version: '0.1.0', startedAt: ago(5000), lastHeartbeat: ago(0.05), sinceHeartbeatMillis: 3000, alive: true, draining: false, drainAsked: false, systemLoad: 1.4, heapUsedBytes: 412_000_000, heapMaxBytes: 805_000_000, clockOffsetMillis: 4, clockOff: false, runs: 1, targets: 2 },
  { id: id(963), name: 'night-3', version: '0.1.0', startedAt: ago(400), lastHeartbeat: ago(0.03), sinceHeartbeatMillis: 1800, alive: true, draining: true, drainAsked: true, systemLoad: 0.2, heapUsedBytes: 210_000_000, heapMaxBytes: 805_000_000, clockOffsetMillis: -2600, clockOff: true, runs: 0, targets: 0 },
  { id: id(962), name: 'night-2', version: '0.1.0', startedAt: ago(9000), lastHeartbeat: ago(1380), sinceHeartbeatMillis: 1380 * 60_000, alive: false, draining: false, drainAsked: false, systemLoad: 3.1, heapUsedBytes: 512_000_000, heapMaxBytes: 805_000_000, clockOffsetMillis: 12, clockOff: false, runs: 0, targets: 0 }];
export const repositoryBackup = { registered: true, project: 'nightshift', instance: 'repository', backup: id(981), takenAt: ago(310), store: 'offsite', provenAt: ago(1700), coveredTo: ago(0.6) };
export const people = [
  { name: 'admin', displayName: 'Administrator', installationAdmin: true, disabled: false, createdAt: ago(60000), lastLogin: ago(3), projects: [] },
  { name: 'mira', displayName: 'Mira Hofer', installationAdmin: false, disabled: false, createdAt: ago(40000), lastLogin: ago(1510), projects: [{ name: 'demo', role: 'OPERATOR' }] },
  { name: 'jonas', displayName: 'Jonas Berg', installationAdmin: false, disabled: true, createdAt: ago(30000), lastLogin: null, projects: [{ name: 'demo', role: 'VIEWER' }] }];
export const keys = [
  { id: id(971), name: 'bootstrap', project: null, role: 'ADMIN', installationAdmin: true, expires: null, createdBy: null, createdAt: ago(60000), lastUsed: ago(8), prefix: 'ns_b00t' },
  { id: id(972), name: 'grafana', project: 'demo', role: 'VIEWER', expires: '2027-01-01', createdBy: 'admin', createdAt: ago(20000), lastUsed: ago(0.4), prefix: 'ns_ab12' },
  { id: id(973), name: 'old-pipeline', project: 'demo', role: 'OPERATOR', expires: '2026-06-01', createdBy: 'mira', createdAt: ago(50000), lastUsed: null, prefix: 'ns_9f3c' }];
export const audit = Array.from({ length: 130 }, (_, n) => ({ id: id(4000 + n), at: ago(3 + n * 47), who: ['admin', 'mira', 'grafana'][n % 3], from: '192.0.2.17', project: 'demo', action: ['run.start', 'schedule.change', 'login', 'database.add'][n % 4], object: [`run ${id(1)}`, 'schedule nightly', 'person mira', 'database crm'][n % 4], details: n % 4 === 0 ? { job: 'backup', databases: ['shop', 'crm'] } : n % 4 === 1 ? { enabled: true } : {} }));

export function overview() {
  const hour = 3_600_000;
  const from = new Date(Math.floor(Date.now() / hour) * hour - 6 * hour).toISOString();
  const bar = (r, t) => ({ run: r.id, job: r.job, status: t.status === 'STARTED' ? 'STARTED' : t.status, from: t.startedAt, to: t.endedAt, reason: t.reason });
  const lanes = databases.map(({ name }) => ({ database: name, bars: runs.slice(0, 6).flatMap((r) => r.targets.filter((t) => t.databases[0] === name && t.startedAt).map((t) => bar(r, t))) }));
  return { databases: { total: 5, proven: 1, oldestProofAt: ago(26 * H) }, lastNight: { done: 4, failed: 2, from: ago(265), to: ago(89) }, waiting: { runs: 1, nextFire: schedules[0].nextFires[0], nextJob: 'backup' }, findings: { critical: 2, warning: 2, info: 1, top: 'billing: its backup did not restore' }, night: { from, to: new Date(Date.parse(from) + 8 * hour).toISOString(), lanes } };
}

const WORDS = ['Checkpoint done at 0/48000028, spread over 1.4 s', 'Opened replication connection to shop.db.example.org:5432 (TLS 1.3)', 'Streaming base: compressed on the server with zstd, level 3', 'Sealed object base.tar.zst.0004 (64.0 MB, SHA-256 9f2c…41ab)', 'Rate 38.4 MB/s over the last 10 s', 'WAL received to 0/48FFFFFF'];
export const log = Array.from({ length: 84 }, (_, n) => ({ seq: n + 1, at: ago(2.35 - n * 0.025), target: id(n % 9 === 8 ? 102 : 101), level: n % 23 === 22 ? 'WARN' : 'INFO', text: n % 23 === 22 ? 'Server reports 3.1 s of write stall; slowing to 24 MB/s' : WORDS[n % WORDS.length] }));
export const failedLog = ['Backup 0193… of billing, taken 02:14, 841.9 MB', 'Fetched 2,011 objects in 84.2 s', 'Unpacked 6,114 files (3.0 GB) into the sandbox', 'Started PostgreSQL 17.6 from the embedded binaries on a Unix socket', 'redo starts at 0/5A000028'].map((text, n) => ({ seq: n + 1, at: ago(95 - n), target: id(121), level: 'INFO', text }))
  .concat([{ seq: 6, at: ago(89.4), target: id(121), level: 'ERROR', text: 'could not access file "$libdir/postgis-3": No such file or directory' }, { seq: 7, at: ago(89.2), target: id(121), level: 'ERROR', text: postgis }, { seq: 8, at: ago(89), target: id(121), level: 'INFO', text: 'The sandbox was thrown away (3.1 GB freed)' }]);

const projectKey = (id, minutes, primary, exported, backups, logs) => ({ id, madeAt: ago(minutes), primary, exportedAt: exported && ago(exported), backups, logs });
/** demo: just rotated, and no kit since; wrapping: a kit is made and a run goes on; empty: as a new project. */
export const projectKeys = (name) => (name === 'empty' ? [projectKey('9c01d2ee', 20, true, null, 0, 0)]
  : [projectKey('5c9f0a7b', 95, true, null, 3, 0), projectKey('a07ab346', 500_000, false, 490_000, 64, 3), projectKey('17e4b0c8', 900_000, false, 880_000, 0, 0)]);
export const kitMade = { id: id(4999), at: ago(140_000), who: 'mira', kind: 'PERSON', from: '192.0.2.17', project: 'demo', action: 'recovery-kit.make', object: 'project demo', details: { keys: ['17e4b0c8', 'a07ab346'] } };
export const importedKit = { id: id(9000), project: 'demo', created: false, primary: '5c9f0a7b', keys: ['88aa01bc'], servers: [{ name: 'shop', systemIdentifier: null, host: 'shop.db.example.org', port: 5432 }], stores: [{ name: 'offsite', kind: 'S3', place: 's3://acme-backups/nightshift' }] };
runs.push(run(400, 'rewrap-keys', 'PARTIAL', 480_000, 2, [target(4400, 'billing', 'FAILED', 480_000, 2, [step('backups', 'FAILED', 480_000, 1.8), step('logs', 'WAITING', null, null)], { reason: 'The store offsite does not answer.', figures: { rewrapped: 41, left: 6 } }), target(4401, 'shop', 'COMPLETED', 480_000, 1, [step('backups', 'COMPLETED', 480_000, 0.8), step('logs', 'COMPLETED', 479_999, 0.1)])], { trigger: 'PERSON', triggeredBy: 'admin', schedule: null, parameters: {} }));

// ledger: two hundred backups in chains, with one that is damaged, one that is gone, and branches
const link = (n, path, kind, from, more = {}) => backup(n, 'ledger', from, kind === 'FULL' ? 1_804_000_000 : 96_000_000 + (n % 7) * 11_000_000, n % 5 === 0 ? restored(from - 60, id(201)) : { ...unproven, at: ago(from - 1) }, { kind, parent: path.at(-1) ?? null, chain: { position: path.length + 1, of: 1, backups: [...path, id(n)] }, timeline: 1, copies: n % 3 ? [] : [copy('offsite', 'WHOLE', 90_000_000, { ...unproven, store: 'offsite' })], ...more });
const weeks = Array.from({ length: 28 }, (_, week) => {
  const first = 8000 + week * 10;
  const from = 600 + week * 10_080;
  const full = link(first, [], 'FULL', from + 6 * 1440, week === 2 ? { state: 'DAMAGED', checksums: { enabled: true, failures: 4 } } : {});
  const rest = week % 2
    ? Array.from({ length: 6 }, (_, day) => link(first + 1 + day, [id(first)], 'DIFFERENTIAL', from + (5 - day) * 1440))
    : Array.from({ length: 6 }, (_, day) => link(first + 1 + day, Array.from({ length: day + 1 }, (_, k) => id(first + k)), 'INCREMENTAL', from + (5 - day) * 1440));
  if (week === 0) rest.push(link(first + 8, [id(first), id(first + 1), id(first + 2)], 'INCREMENTAL', from + 100, {}), link(first + 9, [id(first)], 'DIFFERENTIAL', from + 50, { hold: { reason: 'before the move', by: 'mira' } }));
  const all = [full, ...rest].map((each) => ({ ...each, chain: { ...each.chain, of: rest.length + 1 } }));
  return week === 1 ? all.filter((each) => each.kind !== 'FULL') : all;
}).flat();
export const ledger = weeks.concat([backup(8900, 'ledger', 3000, 41_000_000, matched(2990, id(201)), { kind: 'LOGICAL', databases: ['ledger'], checksums: null, recoversTo: null, provenTo: null })]).sort((one, other) => other.takenAt.localeCompare(one.takenAt)).slice(0, 200);
databases.push(database(706, 'ledger', 18_400_000_000, ledger[0], check(), { tags: ['production'] }));
instances.push(instance(806, 'ledger'));

/** What people asked to have deleted: two wait, of which one is the reader's own; the others are over. */
const deletion = (n, what, more = {}) => ({ id: `0190b000-0000-7000-8000-00000000000${n}`, kind: 'expire', what, why: null, askedBy: 'bob', askedWith: null, askedAt: ago((5 + n) * 60), until: ahead((67 - n) * 60), state: 'WAITING', decidedBy: null, decidedAt: null, note: null, backups: 0, bytes: 0, logBytes: 0, elsewhere: 0, servers: [], means: [], mayApprove: true, whyNot: null, ...more });
export const deletions = [
  deletion(1, 'Run expire on * and delete, keeping 3 newest', { why: 'the store is full', backups: 14, bytes: 412_000_000_000, logBytes: 38_000_000_000, servers: [
    { server: 'shop', backups: Array.from({ length: 11 }, (_, n) => `b${n}`), bytes: 391_000_000_000, logBytes: 38_000_000_000, windowFrom: ago(103680), reason: null },
    { server: 'billing', backups: ['c1', 'c2', 'c3'], bytes: 21_000_000_000, logBytes: 0, windowFrom: ago(100800), reason: null }] }),
  deletion(2, 'Change the policy gold, which keeps 14 days, 12 monthly, to keep 7 days', { kind: 'policy', askedBy: 'admin', askedWith: 'ci', backups: 6, bytes: 96_000_000_000, mayApprove: false, whyNot: 'You asked for it yourself: another person has to approve it.', servers: [{ server: 'shop', backups: ['d1', 'd2', 'd3', 'd4', 'd5', 'd6'], bytes: 96_000_000_000, logBytes: 0, windowFrom: ago(241920), reason: null }], means: ['The next expiry by policy deletes them, and later what grows too old.'] }),
  deletion(3, 'Release backup 0190a000 of crm, on hold by ada: the audit', { kind: 'hold-release', state: 'REFUSED', decidedBy: 'ada', decidedAt: ago(60), note: 'the auditors are not done', mayApprove: false }),
  deletion(4, 'Run expire on shop and delete, keeping 7 days', { state: 'APPROVED', decidedBy: 'ada', decidedAt: ago(180), note: 'Run 0190c000-0000-7000-8000-000000000001.', mayApprove: false }),
  deletion(5, 'Destroy the project key k-2024', { kind: 'key-destroy', state: 'RUN_OUT', decidedAt: ago(120), mayApprove: false }),
  deletion(6, 'Add the policy late, which keeps 3 newest', { kind: 'policy', state: 'FAILED', decidedBy: 'ada', decidedAt: ago(240), note: 'This project has a policy named late already. Choose another name, or change that one.', mayApprove: false })];
export const twoPerson = (on) => ({ on, by: on ? 'ada' : null, since: on ? ago(576000) : null, admins: on ? 3 : 1, hours: 72, covers: ["a backup's hold released", 'a policy added or changed so that less is kept of a server or expiry begins, or deleted', 'a project key destroyed', 'a run of expire that deletes, started by hand', 'a store declared lost that holds something of the project', 'switching this off'] });

// Objects of a backup, more than a page of them
const storedObject = (number, name, kind, stored, stream = name) => ({ number, name, kind, stream, storedBytes: stored, contentBytes: stored * 3, sha256: String(number).padStart(2, '0').repeat(32) });
export const storedObjects = [...Array.from({ length: 60 }, (_, n) => storedObject(n + 1, `base.tar/${String(n + 1).padStart(4, '0')}`, 'ARCHIVE', 5_200_000, 'base.tar')), storedObject(61, 'backup_manifest', 'SERVER_MANIFEST', 88_000), storedObject(62, 'wal/00000001000000000000004A', 'WAL', 410_000), storedObject(63, 'settings/pg_hba.conf', 'SETTINGS', 420), storedObject(64, 'evidence/1.json', 'EVIDENCE', 3_100)];
