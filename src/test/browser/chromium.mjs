// Says how to start the Chromium that ships inside the npm package @sparticuz/chromium:
// node chromium.mjs <folder that it is installed in> prints {"path": …, "args": […]}.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${resolve(process.argv[2])}/`);
const { default: chromium } = await import(pathToFileURL(require.resolve('@sparticuz/chromium')));
console.log(JSON.stringify({ path: await chromium.executablePath(), args: chromium.args }));
