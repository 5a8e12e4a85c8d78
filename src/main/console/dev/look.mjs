// Looks at every page in Chromium at both widths and in both themes: screenshots, axe, overflow,
// console errors, requests to other hosts.   node dev/look.mjs [folder] [pattern of pages' names]   (VIEWS=390-dark narrows it)
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { chromium } from 'playwright-core';
import { backups, runs } from './world.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? '/tmp/nightshift-console';
const only = new RegExp(process.argv[3] ?? '');
const views = new RegExp(process.env.VIEWS ?? '');
const port = 9180 + Math.floor(Math.random() * 400);
const base = `http://127.0.0.1:${port}`;
const axe = readFileSync(join(here, '../node_modules/axe-core/axe.min.js'), 'utf8');
const mood = (change) => fetch(`${base}/dev`, { method: 'POST', body: JSON.stringify(change) });

const pages = [
  ['login', '/login', async (page) => { await page.getByLabel('Name').fill('admin'); await page.getByLabel('Password').fill('wrong'); await page.getByRole('button', { name: 'Log in' }).click(); }, () => mood({ loggedIn: true }), () => mood({ loggedIn: false })],
  ['tonight', '/p/demo/tonight'], ['tonight-empty', '/p/empty/tonight'],
  ['databases', '/p/demo/databases'], ['database', '/p/demo/databases/shop'], ['stores', '/p/demo/stores'], ['store-form', '/p/demo/stores', async (page) => { await page.getByRole('button', { name: 'Add a store' }).click(); }], ['store-check', '/p/demo/stores', async (page) => { await page.getByRole('button', { name: 'Check vault' }).click(); await page.getByText('Write a small object').waitFor(); }], ['database-billing', '/p/demo/databases/billing'], ['database-crm', '/p/demo/databases/crm'],
  ['line-picked', '/p/demo/databases/shop', async (page) => { await page.getByRole('slider', { name: 'Moment to restore to' }).focus(); for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowLeft'); }],
  ['line-gap', '/p/demo/databases/billing', async (page) => { await page.getByRole('radio', { name: 'All' }).check(); const line = page.getByRole('slider', { name: 'Moment to restore to' }); const { width } = await line.boundingBox(); await line.click({ position: { x: width * 0.925, y: 12 } }); }],
  ['line-restore-form', '/p/demo/databases/shop', async (page) => { const line = page.getByRole('slider', { name: 'Moment to restore to' }); const { width } = await line.boundingBox(); await line.click({ position: { x: width / 2, y: 12 } }); await page.keyboard.press('Enter'); await page.getByText('Starts from').waitFor(); }],
  ['restore-form-lacks', '/p/demo/databases/warehouse', async (page) => { await page.getByRole('button', { name: 'Restore to a point' }).click(); await page.getByLabel('Up to').selectOption('latest'); await page.getByText('Starts from').waitFor(); }],
  ['restore-form', '/p/demo/databases/shop', async (page) => { await page.getByRole('button', { name: 'Restore to a point' }).click(); await page.getByLabel('Point', { exact: true }).fill(new Date(Date.now() - 3600000).toISOString()); await page.getByText('Starts from').waitFor(); }],
  ['wal-form', '/p/demo/databases/shop', async (page) => { await page.getByRole('region', { name: 'Log archive' }).getByRole('button', { name: 'Change' }).click(); }], ['database-bad', '/p/demo/databases/warehouse'],
  ['instances', '/p/demo/databases?tab=instances'],
  ['instance-add', '/p/demo/databases?tab=instances', async (page) => { await page.getByRole('button', { name: 'Add an instance' }).click(); }],
  ['instance-change', '/p/demo/databases?tab=instances', async (page) => { await page.getByRole('button', { name: 'Change shop' }).click(); }],
  ['instance-delete', '/p/demo/databases?tab=instances', async (page) => { await page.getByRole('button', { name: 'Delete spare' }).click(); }],
  ['database-add', '/p/demo/databases/-/new', async (page) => {
    await page.getByLabel('Name in Nightshift').fill('Orders');
    await page.getByLabel('Name in Nightshift').fill('orders');
    await page.getByLabel('Host').fill('db-1.example.org'); await page.getByLabel('User').fill('nightshift'); await page.getByLabel('Password', { exact: true }).and(page.locator('[type=password]')).fill('secret');
    await page.getByRole('button', { name: 'Test the connection' }).click();
  }],
  ['runs', '/p/demo/runs'], ['runs-filtered', '/p/demo/runs?status=LOST'], ['run', `/p/demo/runs/${runs[0].id}`], ['run-failed', `/p/demo/runs/${runs[2].id}`], ['run-partial', `/p/demo/runs/${runs[4].id}`],
  ['runs-more', '/p/demo/runs?trigger=SCHEDULE&schedule=nightly&from=2026-01-01'], ['runs-stop', '/p/demo/runs?job=backup', async (page) => { await page.getByRole('button', { name: 'Stop all shown' }).click(); }],
  ['runs-restart', '/p/demo/runs?from=7d', async (page) => { await page.getByRole('button', { name: 'Restart all failed' }).click(); await page.waitForTimeout(300); await page.locator('dialog').getByRole('button', { name: /^Restart \d/ }).click(); }],
  ['start', '/p/demo/runs', async (page) => { await page.getByRole('button', { name: 'Start a run' }).click(); await page.waitForTimeout(400); await page.getByLabel('Chosen ones').check(); }],
  ['backups', '/p/demo/backups'], ['chains', '/p/demo/backups?view=chains'], ['chains-many', '/p/demo/backups?view=chains&database=ledger', async (page) => { for (let n = 0; n < 3; n++) { await page.getByRole('button', { name: 'Show older' }).click(); await page.waitForTimeout(500); } }], ['chains-first', '/p/demo/backups?view=chains&database=ledger'], ['backup', `/p/demo/backups/${backups[0].id}`], ['backup-objects', `/p/demo/backups/${backups[0].id}`, async (page) => { await page.getByRole('button', { name: 'Show the objects' }).click(); await page.getByRole('button', { name: 'Show more' }).click(); }], ['backup-failed', `/p/demo/backups/${backups[1].id}`],
  ['backup-logical', `/p/demo/backups/${backups[5].id}`], ['restore-logical', `/p/demo/backups/${backups[5].id}`, async (page) => { await page.getByRole('button', { name: 'Restore' }).click(); }],
  ['restore', `/p/demo/backups/${backups[0].id}`, async (page) => { await page.getByRole('button', { name: 'Restore' }).click(); }],
  ['restore-tables', `/p/demo/backups/${backups[0].id}`, async (page) => { await page.getByRole('button', { name: 'Get tables back' }).click(); }],
  ['deletions', '/p/demo/deletions'], ['deletions-empty', '/p/empty/deletions'], ['deletion-approve', '/p/demo/deletions', async (page) => { await page.getByRole('button', { name: 'Approve and delete' }).first().click(); }],
  ['policies', '/p/demo/policies'], ['policies-empty', '/p/empty/policies'], ['policy', '/p/demo/policies/gold'], ['policy-rest', '/p/demo/policies/rest'],
  ['policy-work-dialog', '/p/demo/policies', async (page) => { await page.getByRole('button', { name: 'Change gold' }).click(); await page.getByRole('button', { name: 'Add what is done' }).scrollIntoViewIfNeeded(); }],
  ['policy-rate-dialog', '/p/demo/policies', async (page) => { await page.getByRole('button', { name: 'Change gold' }).click(); await page.getByLabel('Rate limit').first().scrollIntoViewIfNeeded(); }],
  ['policy-stores-dialog', '/p/demo/policies', async (page) => { await page.getByRole('button', { name: 'Change gold' }).click(); await page.getByRole('button', { name: 'Save' }).scrollIntoViewIfNeeded(); }],
  ['policy-form-dialog', '/p/demo/policies', async (page) => { await page.getByRole('button', { name: 'Change gold' }).click(); await page.getByRole('button', { name: 'Simulate' }).click(); await page.locator('summary').first().click(); await page.locator('summary').first().scrollIntoViewIfNeeded(); }],
  ['findings', '/p/demo/findings', async (page) => { await page.locator('summary').first().click(); await page.locator('summary').nth(2).click(); }],
  ['schedules', '/p/demo/schedules'], ['calendar', '/p/demo/schedules?tab=calendar'], ['windows', '/p/demo/schedules?tab=windows'], ['windows-empty', '/p/empty/schedules?tab=windows'], ['window-change-dialog', '/p/demo/schedules?tab=windows', async (page) => { await page.getByRole('button', { name: 'Change weekend-noon' }).click(); }],
  ['blackouts', '/p/demo/schedules?tab=blackouts'], ['blackouts-empty', '/p/empty/schedules?tab=blackouts'],
  ['blackout-add-dialog', '/p/demo/schedules?tab=blackouts', async (page) => { await page.getByRole('button', { name: 'Add a blackout' }).click(); }],
  ['pause-dialog', '/p/demo/schedules', async (page) => { await page.getByRole('button', { name: 'Pause nightly' }).click(); }],
  ['schedule-edit', '/p/demo/schedules/drill/edit'], ['schedule-after', '/p/demo/schedules/drill-after-backup/edit'],
  ['schedule-add', '/p/demo/schedules/-/new'], ['schedule-delete', '/p/demo/schedules', async (page) => { await page.getByRole('button', { name: 'Delete nightly' }).click(); }],
  ['backup-keys', '/p/demo/backup-keys'], ['backup-keys-new', '/p/empty/backup-keys'],
  ['kit-dialog', '/p/demo/backup-keys', async (page) => { await page.getByRole('button', { name: 'Make a recovery kit' }).click(); await page.getByLabel('Passphrase', { exact: true }).fill('too short'); await page.getByLabel('Passphrase again').fill('other'); }],
  ['kit-made-dialog', '/p/demo/backup-keys', async (page) => { await page.getByRole('button', { name: 'Make a recovery kit' }).click(); await page.getByLabel('Passphrase', { exact: true }).fill('five words that nobody would guess'); await page.getByLabel('Passphrase again').fill('five words that nobody would guess'); await page.getByRole('button', { name: 'Make and save it' }).click(); await page.getByText('See that it is there').waitFor(); }],
  ['kit-import-dialog', '/p/demo/backup-keys', async (page) => { await page.getByRole('button', { name: 'Import a kit' }).click(); await page.getByLabel('Kit', { exact: true }).setInputFiles({ name: 'kit.json', mimeType: 'application/json', buffer: Buffer.from('{"format":"nightshift-recovery-kit","projectName":"shop","madeAt":"2026-11-01T00:00:00Z"}') }); await page.getByLabel('Passphrase').fill('wrong'); await page.getByRole('button', { name: 'Import', exact: true }).click(); await page.getByText('does not open').waitFor(); }],
  ['key-rotate-dialog', '/p/demo/backup-keys', async (page) => { await page.getByRole('button', { name: 'Rotate' }).click(); }],
  ['members', '/p/demo/people'], ['keys', '/p/demo/people?tab=keys'], ['key-new', '/p/demo/people?tab=keys', async (page) => { await page.getByRole('button', { name: 'Create a key' }).click(); await page.locator('dialog').getByLabel('Name').fill('ci'); await page.locator('dialog').getByRole('button', { name: 'Create the key' }).click(); }],
  ['everyone', '/p/demo/people?tab=people'], ['audit', '/p/demo/audit'], ['retention', '/p/demo/retention', async (page) => { await page.getByLabel('Runs, days').fill('90'); await page.getByLabel('Audit, days').fill('30'); }], ['nodes', '/p/demo/nodes'], ['node-drain', '/p/demo/nodes', async (page) => { await page.getByRole('button', { name: 'Drain night-1' }).click(); }],
  ['run-dead', `/p/demo/runs/${runs[0].id}`, async (page) => { await page.getByRole('button', { name: 'Declare dead' }).click(); await page.getByLabel('Why').fill('The machine was taken away'); }],
  ['run-attempts', `/p/demo/runs/${runs[8].id}`], ['me', '/p/demo/me'], ['projects', '/projects'],
  ['search', '/p/demo/tonight', async (page) => { await page.keyboard.press('/'); await page.keyboard.type('shop'); }],
  ['keys-help', '/p/demo/runs', async (page) => { await page.keyboard.press('?'); }],
  ['menu', '/p/demo/runs', async (page) => { await page.getByRole('button', { name: /Account/ }).click(); }],
  ['row-focus', '/p/demo/runs', async (page) => { await page.keyboard.press('j'); await page.keyboard.press('j'); }],
  ['missing', '/p/demo/runs/none'], ['away', '/p/demo/tonight', async (page) => { await mood({ away: true }); await page.getByRole('button', { name: 'Refresh' }).click(); await page.waitForTimeout(400); }, () => mood({ away: false })],
  ['loading', '/p/demo/tonight', async () => {}, () => mood({ slow: 0 }), () => mood({ slow: 3000 })],
].filter(([name]) => only.test(name));

mkdirSync(out, { recursive: true });
const server = spawn(process.execPath, [join(here, 'server.mjs'), String(port), ...(process.env.CONSOLE ? [process.env.CONSOLE] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((resolve) => { server.stdout.once('data', resolve); });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
let faults = 0;
// These send on purpose what is refused
const refused = /^kit-/;
const fault = (words) => { faults++; console.log(words); };
try {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    for (const colorScheme of ['light', 'dark']) {
      if (!views.test(`${width}-${colorScheme}`)) continue;
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce', bypassCSP: false, timezoneId: 'Europe/Vienna' });
      for (const [name, path, act, after, before] of pages) {
        const where = `${name} ${width} ${colorScheme}`;
        const page = await context.newPage();
        page.on('console', (message) => { if (message.type() === 'error' && !(refused.test(name) ? /40[014]|503/ : /40[14]|503/).test(message.text())) fault(`${where}: ${message.text()}`); });
        page.on('pageerror', (error) => fault(`${where}: ${error.message}`));
        page.on('request', (request) => { if (!/^(http|ws):\/\/127\.0\.0\.1|^blob:|^data:/.test(request.url())) fault(`${where}: asked ${request.url()}`); });
        await before?.();
        await page.goto(base + path, { waitUntil: 'load' });
        await page.waitForTimeout(700);
        if (act) { try { await act(page); } catch (failure) { fault(`${where}: ${failure.message.split('\n')[0]}`); } await page.waitForTimeout(350); }
        const over = await page.evaluate(() => (document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.run-grid-frame, .log')).slice(0, 3).map((e) => `${e.tagName}.${e.className}`) : null));
        if (over) fault(`${where}: overflows: ${over.join(' ')}`);
        const tall = width < 500 && !/search|start|restore|key-new|delete|instance-|keys-help|menu|dialog/.test(name);
        if (tall) await page.setViewportSize({ width, height: Math.min(4000, await page.evaluate(() => (document.querySelector('.stage')?.scrollHeight ?? innerHeight - 61) + 61)) });
        await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) });
        if (tall) await page.setViewportSize({ width, height });
        const found = await page.evaluate(async (source) => {
          // Evaluated by the debugger, which the page's policy does not bind.
          (0, eval)(source);
          return (await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => `${n.html.slice(0, 140)} ${n.any[0]?.message ?? ''}`).join(' | ')}`);
        }, axe).catch((failure) => [failure.message.split('\n')[0]]);
        for (const each of found) fault(`${where}: axe ${each}`);
        await after?.();
        await page.close();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  server.kill();
}
console.log(`${pages.length} pages looked at, ${faults} faults, pictures in ${out}`);
process.exitCode = faults > 0 ? 1 : 0;
