// Google's emulator of Cloud Storage, which ends with its standard input: node emulator.mjs <port>
// Its own start would fetch a program for the rules that apply to Firebase's interface. Google's own interface has none, so
// what answers is put together here as that start does it, without the rules.
import { StorageEmulator } from 'firebase-tools/lib/emulator/storage/index.js';
import { createApp } from 'firebase-tools/lib/emulator/storage/server.js';
import { EmulatorRegistry } from 'firebase-tools/lib/emulator/registry.js';

const projectId = 'demo-nightshift';
const host = '127.0.0.1';
const port = Number(process.argv[2]);

const emulator = new StorageEmulator({ projectId, host, port, rules: [] });
EmulatorRegistry.set(emulator.getName(), emulator);
const app = await createApp(projectId, emulator);

process.stdin.on('end', () => process.exit(0)).resume();
app.listen(port, host, () => console.log('listening'));
