// The documentation's TypeScript snippets, word for word but for the package's name and their placeholders: they pass the type
// checker in its strictest form, and they run. (The popup one runs in popup.test.mjs.)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { KeyloomClient } from '../dist/index.js';
import { SDK, startKeyloom } from './harness.mjs';
import { connectByHand } from './person.mjs';

const SNIPPETS = join(SDK, 'test/snippets');
const CLIENT = "import { WeavzClient } from '@weavz/sdk'\nconst client = new WeavzClient({ apiKey: 'wvz_your_key' })\n";
// A snippet's own client and its variables stay as they are; what it takes for granted is put before it.
const prelude = (text, given) => `${text.includes('new WeavzClient') ? '' : CLIENT}${given}${text}\n`;
const read = (name) => readFileSync(join(SNIPPETS, `${name}.ts`), 'utf8');

let stack;
let client;
let workspaceId;
before(async () => {
  stack = await startKeyloom();
  client = new KeyloomClient({ apiKey: stack.key, baseUrl: stack.url });
  workspaceId = (await client.workspaces.create({ name: 'Acme', slug: 'acme' })).workspace.id;
  // The host is not in the snippets: a self-hosted one comes from the environment.
  process.env.KEYLOOM_PUBLIC_URL = stack.url;
});
after(() => stack.stop());

/** Runs a snippet; returns its variables `wanted`. */
async function run(name, wanted = [], { sessionId = '', connectionId = '' } = {}) {
  const given = sessionId ? `const sessionId = ${JSON.stringify(sessionId)}\n` : '';
  const text = prelude(read(name), given)
    .replace("'@weavz/sdk'", JSON.stringify(pathToFileURL(join(SDK, 'dist/index.js')).href))
    .replaceAll('wvz_your_key', stack.key)
    .replaceAll(/YOUR_WORKSPACE_ID|proj_abc123/g, workspaceId)
    .replaceAll('conn_abc123', connectionId);
  const file = join(stack.directory, `${name}-${Math.random()}.mjs`);
  writeFileSync(file, `${text}export { ${wanted.join(', ')} }\n`);
  return import(pathToFileURL(file).href);
}

test('they pass the type checker', () => {
  const folder = mkdtempSync(join(SDK, 'test/.types-'));
  try {
    for (const name of readdirSync(SNIPPETS)) {
      // Without an export a file is a script, and all scripts share their variables.
      writeFileSync(join(folder, name), `${prelude(readFileSync(join(SNIPPETS, name), 'utf8'), name === 'session.ts' ? 'declare const sessionId: string\n' : '')}export {}\n`);
    }
    const options = { extends: '../../tsconfig.json', compilerOptions: { noEmit: true, rootDir: '../..', noUnusedLocals: false, paths: { '@weavz/sdk': ['../../dist/index.d.ts'] } }, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
    // Also with the compiler of the end-to-end tests, which is a newer one.
    for (const tsc of ['node_modules/.bin/tsc', '../../end2end/node_modules/.bin/tsc']) {
      const { status, stdout } = spawnSync(join(SDK, tsc), ['-p', folder], { encoding: 'utf8' });
      assert.equal(status, 0, `${tsc}: ${stdout}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('connect token and session', async () => {
  const { token, connectUrl } = await run('token', ['token', 'connectUrl']);
  assert.equal(connectUrl, `${stack.url}/connect?token=${token}`);
  const { sessionId } = await client.connect.poll(token);
  const { session } = await run('session', ['session'], { sessionId });
  assert.equal(session.status, 'pending');
  await connectByHand(connectUrl);
  const done = (await run('session', ['session'], { sessionId })).session;
  assert.deepEqual([done.status, done.connection.account.label], ['completed', 'User alice']);
});

test('a key, several fields, an end user', async () => {
  const { connection } = await run('openai', ['connection']);
  assert.deepEqual([connection.externalId, connection.displayName, connection.scope], ['tenant_123_openai', 'OpenAI Production', 'ORGANIZATION']);
  assert.equal((await run('freshsales', ['connection'])).connection.type, 'CUSTOM_AUTH');
  const { endUser, connectUrl } = await run('end_user', ['endUser', 'connectUrl']);
  assert.deepEqual([endUser.externalId, endUser.displayName], ['user_456', 'Alice Johnson']);
  assert.ok(connectUrl.startsWith(`${stack.url}/connect/portal?token=eut_`));
});

test('external id, list, delete', async () => {
  const { connection } = await run('external_id', ['connection']);
  assert.deepEqual([connection.externalId, connection.displayName], ['user_456', 'User 456 OpenAI Key']);
  const { connections } = await run('list', ['connections']);
  assert.ok(connections.some(({ id }) => id === connection.id));
  await run('delete', [], { connectionId: connection.id });
  await assert.rejects(client.connections.get(connection.id), { code: 'CONNECTION_NOT_FOUND' });
});

test('an action', async () => {
  // The stand-in for Slack has no actions: the call is understood, and refused for that.
  await assert.rejects(run('action', ['result']), (error) => ['ACTION_NOT_FOUND', 'CONNECTION_REQUIRED', 'END_USER_NOT_FOUND'].includes(error.code));
});
