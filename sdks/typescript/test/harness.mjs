// The real server, a certified OAuth server and an API that takes keys: what the tests of this folder talk to. All on loopback,
// each program with an environment of its own (a KEYLOOM_* variable that the server does not know stops it).
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const SDK = fileURLToPath(new URL('..', import.meta.url));
const BINARY = resolve(process.env.KEYLOOM_BIN ?? join(ROOT, 'target/debug/keyloom'));
const PEER = join(ROOT, 'end2end/peers/oidc.mjs');
const APP = { id: 'conf', secret: 'conf-secret-0123456789' };

/** That of the end-to-end tests, as the providers are. */
export const playwright = () => createRequire(join(ROOT, 'end2end/package.json'))('playwright-core');

export async function listen(handler) {
  const server = createServer(handler);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { port: server.address().port, stop };
}

export async function freePort() {
  const { port, stop } = await listen(() => undefined);
  await stop();
  return port;
}

export async function until(what, ask, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await Promise.resolve(ask()).catch(() => undefined);
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await pause(50);
  }
}

/** Starts a program; ends with the handle that it returns. */
export function run(directory, name, command, args, env) {
  const log = join(directory, `${name}.log`);
  const child = spawn(command, args, { cwd: directory, env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(forced);
  };
  const output = () => readFileSync(log, 'utf8');
  const alive = () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${output().slice(-2000)}`);
  };
  return { stop, output, alive };
}

const oauth = (name, label, { issuer, origin }) => `
name = "${name}"
display_name = "${label}"
description = "Stands in for ${label}: a certified OAuth server on this machine."
categories = ["communication"]
docs_url = "http://localhost/docs"
checked_at = "2026-11-24"

[api]
base_url = "${origin}"

[[auth]]
key = "oauth2"
type = "OAUTH2"
label = "Sign in with ${label}"

[auth.oauth2]
authorize_url = "${issuer}/auth"
token_url = "${origin}/token"
revoke_url = "${origin}/token/revocation"
iss = "${issuer}"
client_auth = "basic"
authorize_params = { prompt = "consent" }
scopes = ["openid", "profile", "email"]

[auth.placement.headers]
Authorization = "Bearer {{accessToken}}"

[auth.identity]
url = "/me"
id = "/sub"
label = ["/name", "/sub"]
email = "/email"
`;

async function startProvider(directory, name, redirect, coop) {
  const program = run(directory, name, process.execPath, [PEER], { PORT: '0', REDIRECT: redirect, ISSUED: join(directory, 'issued'), ...(coop ? { COOP: coop } : {}) });
  const issuer = await until(`provider ${name}`, () => {
    program.alive();
    return /^ready (\S+)$/m.exec(program.output())?.[1];
  });
  // Browsers resolve provider.localhost, this machine's programs localhost.
  return { ...program, issuer, origin: `http://localhost:${new URL(issuer).port}` };
}

/**
 * `hooks` is what was posted to `hook`. Integrations: `slack` (OAuth), `coop` (OAuth, its pages cut the popup off), `openai` (key `sk-…`), `freshsales`, and all others as
 * they are, with no way out of this machine.
 */
export async function startKeyloom() {
  if (!existsSync(BINARY)) throw new Error(`${BINARY}: build the server first, or name one in KEYLOOM_BIN`);
  const directory = mkdtempSync(join(tmpdir(), 'keyloom-sdk-'));
  const integrations = join(directory, 'integrations');
  mkdirSync(integrations);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const hooks = [];
  const keys = await listen(async (request, response) => {
    if (request.url === '/hook') {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      hooks.push({ headers: request.headers, body });
      response.writeHead(204).end();
      return;
    }
    const known = request.headers.authorization?.startsWith('Bearer sk-');
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(known ? { data: [] } : { error: 'no such key' }));
  });
  const keyApi = `http://localhost:${keys.port}`;
  const [slack, coop] = await Promise.all([
    startProvider(directory, 'slack', `${url}/oauth/callback/slack`),
    startProvider(directory, 'coop', `${url}/oauth/callback/coop`, 'same-origin'),
  ]);
  writeFileSync(join(integrations, 'slack.toml'), oauth('slack', 'Slack', slack));
  writeFileSync(join(integrations, 'coop.toml'), oauth('coop', 'Coop', coop));
  const openai = readFileSync(join(ROOT, 'integrations/openai.toml'), 'utf8');
  writeFileSync(join(integrations, 'openai.toml'), openai.replace('base_url = "https://api.openai.com"', `base_url = "${keyApi}"`));
  const env = {
    PATH: process.env.PATH ?? '',
    KEYLOOM_LISTEN: `127.0.0.1:${port}`,
    KEYLOOM_PUBLIC_URL: url,
    KEYLOOM_DATA_DIR: join(directory, 'data'),
    KEYLOOM_INTEGRATIONS_DIR: integrations,
    KEYLOOM_EGRESS_MODE: 'allowlist',
    KEYLOOM_EGRESS_ALLOW: [slack.origin, coop.origin, keyApi].map((origin) => new URL(origin).host).join(','),
    KEYLOOM_OAUTH_SLACK_CLIENT_ID: APP.id,
    KEYLOOM_OAUTH_SLACK_CLIENT_SECRET: APP.secret,
    KEYLOOM_OAUTH_COOP_CLIENT_ID: APP.id,
    KEYLOOM_OAUTH_COOP_CLIENT_SECRET: APP.secret,
    KEYLOOM_LOG: 'info',
  };
  const { stdout } = await promisify(execFile)(BINARY, ['api-key', 'create', '--name', 'sdk', '--credentials-read'], { env, cwd: directory });
  const server = run(directory, 'keyloom', BINARY, ['serve'], env);
  await until('keyloom', async () => {
    server.alive();
    return (await fetch(`${url}/health`)).ok;
  });
  if (!(await fetch(`${url}/connect.js`)).ok) throw new Error(`${BINARY} was built without its site: the connect page has no script`);
  const stop = async () => {
    await Promise.all([server.stop(), slack.stop(), coop.stop(), keys.stop()]);
    rmSync(directory, { recursive: true, force: true });
  };
  return { url, key: stdout.trim(), directory, slack, coop, hook: `${keyApi}/hook`, hooks, stop };
}
