// Builds the console into the folder given (the WAR's root): node build.mjs target/console
// Silent when all is well. Dependencies are installed again only when the lock changed, and the
// bundle is built again only when a source changed, so that a build without changes costs nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What a browser loads before it can show the first page, gzipped. */
const FIRST_LOAD_LIMIT = 60 * 1024;

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? 'dist');
const installedMarker = join(here, 'node_modules', '.nightshift-installed');
const builtMarker = `${out}.built`;

const lock = hash(['package-lock.json', '.npmrc']);
if (read(installedMarker) !== lock) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installedMarker, lock);
}

const sources = hash([...files('src'), ...files('public'), 'index.html', 'build.mjs', 'vite.config.ts', 'tsconfig.json', 'package-lock.json']);
if (read(builtMarker) !== sources || !existsSync(join(out, 'index.html'))) {
  rmSync(builtMarker, { force: true });
  run(process.execPath, [tool('typescript', 'tsc'), '--noEmit']);
  run(process.execPath, [tool('vite', 'vite'), 'build', '--outDir', out, '--emptyOutDir', '--logLevel', 'error']);
  const size = firstLoad();
  if (size > FIRST_LOAD_LIMIT) {
    fail(`The console's first load is ${size} bytes gzipped, above the limit of ${FIRST_LOAD_LIMIT}. Make it smaller or load a page on demand.`);
  }
  mkdirSync(dirname(builtMarker), { recursive: true });
  writeFileSync(builtMarker, sources);
}

/** Gzipped bytes of index.html and everything it names. */
function firstLoad() {
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => join(out, match[1]));
  return [join(out, 'index.html'), ...named].reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: here, encoding: 'utf8', shell: process.platform === 'win32' && command === 'npm' });
  if (result.error || result.status !== 0) {
    fail(`${command} ${args.join(' ')} failed in ${here}\n${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`);
  }
}

/** The script behind a package's command, so that no shell is needed to run it. */
function tool(name, command) {
  const folder = join(here, 'node_modules', name);
  const bin = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin;
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function files(folder) {
  return readdirSync(join(here, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => statSync(join(here, name)).isFile())
    .sort();
}

function hash(names) {
  const digest = createHash('sha256');
  for (const name of names) {
    digest.update(relative(here, join(here, name))).update('\0').update(readFileSync(join(here, name))).update('\0');
  }
  return digest.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
