// A real OpenID provider, which ends with its standard input: node provider.mjs <port> <folder> <redirect URI>
// In the folder: server.crt, server.key, and accounts.json, which is read anew for each login: {"ada": {"groups": ["dba"]}}; "ada" is the subject.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import Provider from 'oidc-provider';

const [port, folder, redirect] = process.argv.slice(2);
const read = (name) => readFileSync(join(folder, name), 'utf8');

const provider = new Provider(`https://127.0.0.1:${port}`, {
  clients: [{ client_id: 'nightshift', client_secret: process.env.CLIENT_SECRET, redirect_uris: [redirect] }],
  scopes: ['openid', 'profile'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
  cookies: { keys: ['a key for the tests'] },
  pkce: { required: () => true },
  findAccount(_, id) {
    const account = JSON.parse(read('accounts.json'))[id];
    return account && { accountId: id, claims: () => ({ sub: id, ...account }) };
  },
  // Nobody is asked whether Nightshift may know the name
  async loadExistingGrant(context) {
    const { client, session, provider: { Grant } } = context.oidc;
    const grant = new Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});

process.stdin.on('end', () => process.exit(0)).resume();
createServer({ cert: read('server.crt'), key: read('server.key') }, provider.callback())
  .listen(Number(port), '127.0.0.1', () => console.log('listening'));
