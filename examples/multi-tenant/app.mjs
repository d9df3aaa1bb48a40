// A product with two customers (tenants), each with users of their own, who connect their accounts at two services.
//
// A tenant is a workspace of Keyloom, a user an end user in it. The API key stays in this process; a browser only ever gets a
// connect token, which is good for one connection of one person.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { ConflictError, KeyloomClient, KeyloomError, NotFoundError } from '@keyloom/sdk';

const { API_KEY, PORT = '4000', ORIGIN = `http://localhost:${PORT}`, SERVICES = 'openai,github' } = process.env;
const keyloom = new KeyloomClient({ apiKey: API_KEY, baseUrl: process.env.KEYLOOM_PUBLIC_URL ?? 'http://localhost:3000' });
const services = SERVICES.split(',');

const TENANTS = { acme: 'Acme', globex: 'Globex' };
const USERS = {
  alice: { name: 'Alice', tenant: 'acme' },
  bob: { name: 'Bob', tenant: 'acme' },
  carol: { name: 'Carol', tenant: 'globex' },
};

/** Done at each start: what is there already stays as it is. */
async function setUp() {
  for (const [slug, name] of Object.entries(TENANTS)) {
    await keyloom.workspaces.get(slug).catch((error) => {
      if (error instanceof NotFoundError) return keyloom.workspaces.create({ name, slug });
      throw error;
    });
  }
  for (const [externalId, { name, tenant }] of Object.entries(USERS)) {
    await keyloom.endUsers.create({ workspaceId: tenant, externalId, displayName: name }).catch((error) => {
      if (!(error instanceof ConflictError)) throw error;
    });
  }
}

/** Everything that is asked of Keyloom for a user names their tenant and them: nobody can reach into another's connections. */
const scopeOf = (user) => ({ workspaceId: USERS[user].tenant, endUserId: user });

async function connectionsOf(user) {
  const found = [];
  for await (const connection of keyloom.connections.iterate(scopeOf(user))) found.push(connection);
  return found;
}

/** What the popup needs. With the same external id again, an existing connection gets new credentials and keeps its id. */
async function startConnecting(user, { service, where }) {
  if (!services.includes(service)) throw new NotFoundError('No such service', { status: 404, code: 'NOT_FOUND' });
  return keyloom.connect.createToken({
    ...scopeOf(user),
    integrationName: service,
    connectionName: `${USERS[user].name}'s ${service}`,
    externalId: user,
    allowedOrigins: [ORIGIN],
    // For browsers that open no popup: the same in this tab, which then comes back here.
    ...(where === 'tab' && { successRedirectUri: `${ORIGIN}/`, errorRedirectUri: `${ORIGIN}/` }),
  });
}

async function disconnect(user, id) {
  const own = (await connectionsOf(user)).some((connection) => connection.id === id);
  if (!own) throw new NotFoundError('No such connection', { status: 404, code: 'NOT_FOUND' });
  return keyloom.connections.delete(id);
}

const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const layout = (body) => `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>Example</title><style>body{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:.5rem 0}</style>
<main>${body}</main><script type="module" src="/page.js"></script></html>`;

const signInPage = () => {
  const option = ([id, { name, tenant }]) => `<option value="${id}">${escape(name)} (${escape(TENANTS[tenant])})</option>`;
  return layout(`<h1>Sign in</h1><form method="post" action="/sign-in"><label>As <select name="user">${Object.entries(USERS).map(option).join('')}</select></label>
<button>Sign in</button></form>`);
};

async function homePage(user) {
  const connections = await connectionsOf(user);
  const row = (service) => {
    const connection = connections.find(({ integrationName }) => integrationName === service);
    if (!connection) return `<li>${escape(service)}: not connected <button data-connect="${escape(service)}">Connect ${escape(service)}</button></li>`;
    const again = connection.status === 'ERROR' ? `<button data-connect="${escape(service)}">Connect ${escape(service)} again</button>` : '';
    return `<li>${escape(service)}: connected as ${escape(connection.account?.label ?? connection.displayName)} (${escape(connection.health)})
${again} <button data-disconnect="${escape(connection.id)}">Disconnect ${escape(service)}</button></li>`;
  };
  return layout(`<h1>${escape(USERS[user].name)} of ${escape(TENANTS[USERS[user].tenant])}</h1><ul>${services.map(row).join('')}</ul>
<p role="status"></p><form method="post" action="/sign-out"><button>Sign out</button></form>`);
}

const PAGE_SCRIPT = `import { popup, resume } from '/sdk.js';
const status = document.querySelector('[role=status]');
async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}
let current = new AbortController();
async function attempt(work) {
  // What is begun anew ends what was begun before, and closes its window.
  current.abort();
  const { signal } = (current = new AbortController());
  status.textContent = 'One moment…';
  const failure = await work(signal).catch((error) => error);
  if (signal.aborted) return;
  sessionStorage.removeItem('session');
  if (failure instanceof Error) status.textContent = failure.message;
  else location.replace('/');
}
for (const button of document.querySelectorAll('button')) {
  const { connect, disconnect } = button.dataset;
  async function session(where) {
    const made = await post('/connect', { service: connect, where });
    sessionStorage.setItem('session', JSON.stringify(made));
    return made;
  }
  // The window opens in the click; the token is fetched while it is there.
  if (connect) button.addEventListener('click', () => attempt((signal) => popup({ session, signal })));
  if (disconnect) button.addEventListener('click', () => attempt(() => post('/disconnect', { id: disconnect })));
}
// Loaded anew while a window was open, or back from the connect page in this tab: how did it end?
const begun = sessionStorage.getItem('session');
if (begun && status) attempt((signal) => resume(JSON.parse(begun), { signal }));
`;

async function read(request) {
  let text = '';
  for await (const chunk of request) if ((text += chunk).length > 10_000) throw new Error('too long');
  return request.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, ORIGIN);
  // Which user: for an example. A product verifies a session here.
  const user = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  const signedIn = user !== undefined && Object.hasOwn(USERS, user);
  const send = (type, body, status = 200) => response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
  const goHome = (cookie) => response.writeHead(303, { location: '/', 'set-cookie': `user=${cookie}; Path=/; HttpOnly; SameSite=Lax` }).end();
  if (request.method === 'GET') {
    if (pathname === '/') return send('text/html', signedIn ? await homePage(user) : signInPage());
    if (pathname === '/page.js') return send('text/javascript', PAGE_SCRIPT);
    if (pathname === '/sdk.js') return send('text/javascript', readFileSync(fileURLToPath(import.meta.resolve('@keyloom/sdk/browser'))));
  } else if (request.headers.origin === ORIGIN) {
    const body = await read(request);
    if (pathname === '/sign-in') return goHome(Object.hasOwn(USERS, body.user) ? body.user : '');
    if (pathname === '/sign-out') return goHome('; Max-Age=0');
    if (signedIn && pathname === '/connect') return send('application/json', JSON.stringify(await startConnecting(user, body)));
    if (signedIn && pathname === '/disconnect') return send('application/json', JSON.stringify(await disconnect(user, body.id)));
  }
  send('application/json', JSON.stringify({ error: 'There is nothing here' }), 404);
}

await setUp();
createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    const known = error instanceof KeyloomError && error.status < 500;
    const text = known ? [error.message, error.suggestion].filter(Boolean).join('. ') : 'Something went wrong';
    response.writeHead(known ? 400 : 500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: text }));
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`Example application on ${ORIGIN}`));
