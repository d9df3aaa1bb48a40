// Errors, retries, timeouts and aborts, against a small server that misbehaves on request.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import {
  AuthenticationError, BadRequestError, ConflictError, KeyloomClient, KeyloomError, NetworkError, NotFoundError, PermissionDeniedError,
  RateLimitError, ServerError, TimeoutError, ValidationError, WeavzClient,
} from '../dist/index.js';
import { parseRetryAfter } from '../dist/errors.js';
import { freePort, listen } from './harness.mjs';

let server;
let seen = [];
/** Answers in turn; the last one stays. An answer: [status, body, headers], or a function of the response. */
let script = [];

before(async () => {
  server = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, url: request.url, headers: request.headers, body, at: Date.now() });
    const next = script.length > 1 ? script.shift() : script[0];
    if (typeof next === 'function') return next(response, request);
    const [status, answer, headers = {}] = next;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
});
after(() => server.stop());
beforeEach(() => {
  seen = [];
});

const OK = [200, { connections: [], total: 0, nextCursor: null }];
const no = (status, code, more = {}, headers = {}) => [status, { error: `No: ${code}`, code, details: {}, requestId: 'req_1', ...more }, headers];
const client = (options = {}) => new KeyloomClient({ apiKey: 'wvz_test', baseUrl: `http://127.0.0.1:${server.port}`, ...options });
const input = { type: 'SECRET_TEXT', integrationName: 'openai', externalId: 'a', secretText: 'sk-1' };

async function caught(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

test('a request: address, key, query without what is undefined', async () => {
  script = [OK];
  await client({ baseUrl: `http://127.0.0.1:${server.port}/below/?x=1` }).connections.list({ q: 'a b&c', limit: 3, status: undefined });
  const [{ method, url, headers, body }] = seen;
  assert.deepEqual([method, url, body], ['GET', '/below/api/v1/connections?q=a+b%26c&limit=3', '']);
  assert.equal(headers.authorization, 'Bearer wvz_test');
  assert.equal(headers['idempotency-key'], undefined);
});

test('the pages of a list action come one after the other, as they are asked for', async () => {
  const page = (output, next) => [200, { success: true, output, duration: 1, ...(next && { next }) }];
  script = [page([1, 2], { cursor: 'c2' }), page([3, 4], { cursor: 'c3' }), page([5])];
  const found = [];
  for await (const items of client().actions.pages('slack', 'list_users', { workspaceId: 'acme', input: { limit: 2 } })) found.push(...items);
  assert.deepEqual(found, [1, 2, 3, 4, 5]);
  const sent = seen.map(({ body }) => JSON.parse(body));
  assert.deepEqual(sent.map(({ input }) => input), [{ limit: 2 }, { limit: 2, cursor: 'c2' }, { limit: 2, cursor: 'c3' }]);
  assert.ok(sent.every(({ integrationName, actionName, workspaceId }) => `${integrationName}.${actionName} ${workspaceId}` === 'slack.list_users acme'));
  assert.equal(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size, 3);
  [script, seen] = [[page([1], { cursor: 'c2' })], []];
  for await (const items of client().actions.pages('slack', 'list_users')) if (items) break;
  assert.equal(seen.length, 1);
});

test('ids cannot lead to another path', async () => {
  script = [[200, { connection: {} }]];
  await client().connections.get('../workspaces?x=/y');
  assert.equal(seen[0].url, '/api/v1/connections/..%2Fworkspaces%3Fx%3D%2Fy');
  for (const id of ['', '.', '..', undefined]) assert.throws(() => client().connections.delete(id), TypeError);
  assert.equal(seen.length, 1);
});

test('what the server said is in the error, as a class of its own', async () => {
  const fields = [{ path: 'props.base_url', code: 'REQUIRED', message: 'base_url is required' }];
  script = [no(400, 'VALIDATION_ERROR', { details: { fields }, suggestion: 'Give it' })];
  const error = await caught(client().connections.create(input));
  assert.ok(error instanceof ValidationError && error instanceof BadRequestError && error instanceof KeyloomError && error instanceof Error);
  assert.deepEqual(
    { ...error },
    { status: 400, code: 'VALIDATION_ERROR', details: { fields }, fields, requestId: 'req_1', suggestion: 'Give it', retryAfter: undefined, name: 'ValidationError' },
  );
  assert.equal(error.message, 'No: VALIDATION_ERROR');
  const classes = [
    [400, 'NO_OAUTH_APP', BadRequestError], [401, 'UNAUTHORIZED', AuthenticationError], [403, 'SCOPE_DENIED', PermissionDeniedError], [404, 'NOT_FOUND', NotFoundError],
    [409, 'DUPLICATE', ConflictError], [429, 'RATE_LIMITED', RateLimitError], [500, 'INTERNAL_ERROR', ServerError], [502, 'PROVIDER_ERROR', ServerError],
  ];
  for (const [status, code, expected] of classes) {
    script = [no(status, code)];
    const found = await caught(client({ maxRetries: 0 }).connections.list());
    assert.equal(found.constructor, expected, code);
    assert.deepEqual([found.status, found.code, found.name], [status, code, expected.name]);
  }
});

test('a proxy that answers in HTML is an error with its status', async () => {
  script = [[413, '<h1>Too large</h1>', { 'content-type': 'text/html', 'x-request-id': 'proxy-1' }]];
  const error = await caught(client().connections.create(input));
  assert.deepEqual([error.status, error.code, error.requestId], [413, 'HTTP_413', 'proxy-1']);
  script = [[200, '<h1>Welcome</h1>', { 'content-type': 'text/html' }]];
  assert.equal((await caught(client().connections.list())).code, 'NOT_JSON');
});

test('a redirect is not followed: the key might go elsewhere', async () => {
  script = [[301, '', { location: 'https://elsewhere.example/' }]];
  const error = await caught(client().connections.list());
  assert.deepEqual([error.code, seen.length], ['REDIRECTED', 1]);
  assert.match(error.message, /elsewhere\.example/);
});

test('429 and 503 are tried again after Retry-After, also for a POST, with the same idempotency key', async () => {
  script = [no(429, 'RATE_LIMITED', {}, { 'retry-after': '1' }), no(503, 'HTTP_503', {}, { 'retry-after': '0' }), [201, { connection: { id: 'conn_1' } }]];
  const { connection } = await client().connections.create(input);
  assert.equal(connection.id, 'conn_1');
  assert.equal(seen.length, 3);
  assert.ok(seen[1].at - seen[0].at >= 1000, 'waits as long as it was told to');
  const keys = new Set(seen.map(({ headers }) => headers['idempotency-key']));
  assert.equal(keys.size, 1);
  assert.match([...keys][0], /^[0-9a-f]{32}$/);
  await client().connections.create(input, { idempotencyKey: 'mine' });
  await client().connections.create(input);
  assert.equal(seen[3].headers['idempotency-key'], 'mine');
  assert.ok(!keys.has(seen[4].headers['idempotency-key']), 'another call has another key');
});

test('a retry gives up: after maxRetries, and when it would have to wait too long', async () => {
  script = [no(503, 'HTTP_503', {}, { 'retry-after': '0' })];
  assert.equal((await caught(client({ maxRetries: 1 }).connections.list())).status, 503);
  assert.equal(seen.length, 2);
  script = [no(429, 'RATE_LIMITED', {}, { 'retry-after': '3600' })];
  const error = await caught(client().connections.list());
  assert.deepEqual([error.retryAfter, seen.length], [3600, 3]);
});

/** The idempotency keys of the attempts that the server saw. */
const keysSeen = () => [...new Set(seen.map(({ headers }) => headers['idempotency-key']))];

test('502 and 504 of a gateway: tried again, a POST with the same key', async () => {
  for (const status of [502, 504]) {
    seen = [];
    script = [[status, 'Bad gateway', { 'content-type': 'text/plain' }], OK];
    await client().connections.list();
    assert.deepEqual([seen.length, keysSeen()], [2, [undefined]]);
    seen = [];
    script = [[status, 'Bad gateway', { 'content-type': 'text/plain' }], [201, { connection: { id: 'conn_1' } }]];
    assert.equal((await client().connections.create(input)).connection.id, 'conn_1');
    assert.equal(seen.length, 2);
    assert.match(keysSeen().join(), /^[0-9a-f]{32}$/);
  }
  // A provider's failure that Keyloom reports is not a gateway's.
  seen = [];
  script = [no(502, 'REFRESH_FAILED')];
  await caught(client().connections.credentials('conn_1'));
  assert.equal(seen.length, 1);
});

test('a broken connection: tried again, a POST with the same key', async () => {
  const cut = (response) => response.socket.destroy();
  script = [cut, OK];
  await client().connections.list();
  assert.equal(seen.length, 2);
  seen = [];
  script = [cut, [201, { connection: { id: 'conn_1' } }]];
  assert.equal((await client().connections.create(input)).connection.id, 'conn_1');
  assert.equal(seen.length, 2);
  assert.match(keysSeen().join(), /^[0-9a-f]{32}$/);
  seen = [];
  script = [cut];
  const error = await caught(client({ maxRetries: 1 }).connections.create(input));
  assert.ok(error instanceof NetworkError);
  assert.deepEqual([error.status, error.code, seen.length], [0, 'NETWORK_ERROR', 2]);

  const nobody = `http://127.0.0.1:${await freePort()}`;
  let attempts = 0;
  const counted = new WeavzClient({ apiKey: 'wvz_test', baseUrl: nobody, fetch: (...given) => ((attempts += 1), fetch(...given)) });
  assert.ok((await caught(counted.connections.create(input))) instanceof NetworkError);
  assert.equal(attempts, 3);
});

test('an attempt that is still running is waited for; a key that was used for something else is an error', async () => {
  script = [no(409, 'IDEMPOTENCY_CONFLICT', {}, { 'retry-after': '0' }), [201, { connection: { id: 'conn_1' } }]];
  assert.equal((await client().connections.create(input)).connection.id, 'conn_1');
  seen = [];
  script = [no(409, 'IDEMPOTENCY_CONFLICT')];
  assert.ok((await caught(client().connections.create(input, { idempotencyKey: 'used' }))) instanceof ConflictError);
  assert.equal(seen.length, 1);
});

test('what a POST that changes nothing does not send: an idempotency key', async () => {
  script = [[200, {}]];
  const { connections, connect, oauthApps } = client();
  await connections.resolve({ integrationName: 'openai' });
  await connections.resolveBatch({ requests: [] });
  await connections.credentials('conn_1');
  await connections.refresh('conn_1');
  await connections.test('conn_1');
  await connect.poll('cst_1');
  await oauthApps.check('oap_1');
  assert.deepEqual([seen.length, keysSeen()], [7, [undefined]]);
  await connections.delete('conn_1');
  assert.equal(seen[7].headers['idempotency-key'], undefined);
});

test('no answer in time, also when only the body is missing', async () => {
  script = [() => undefined];
  const error = await caught(client({ timeout: 150, maxRetries: 0 }).connections.list());
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.code, 'TIMEOUT');
  script = [(response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"conn')];
  assert.equal((await caught(client({ maxRetries: 0 }).connections.list({}, { timeout: 150 }))).code, 'TIMEOUT');
});

test('an abort ends a request, and a pause between two', async () => {
  script = [() => undefined];
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  assert.equal(await caught(client().connections.list({}, { signal: controller.signal })), reason);
  script = [no(503, 'HTTP_503', {}, { 'retry-after': '30' })];
  const second = new AbortController();
  setTimeout(() => second.abort(reason), 100);
  const started = Date.now();
  assert.equal(await caught(client().connections.list({}, { signal: second.signal })), reason);
  assert.ok(Date.now() - started < 5000);
  assert.equal(await caught(client().connections.list({}, { signal: AbortSignal.abort(reason) })), reason);
});

test('iterators ask for the next page when it is needed, and stop at the last', async () => {
  script = [[200, { connections: [{ id: 'a' }, { id: 'b' }], total: 3, nextCursor: 'b' }], [200, { connections: [{ id: 'c' }], total: 3, nextCursor: null }]];
  const iterator = client().connections.iterate({ workspaceId: 'acme', limit: 2 });
  assert.equal((await iterator.next()).value.id, 'a');
  assert.equal(seen.length, 1);
  const rest = [];
  for await (const { id } of iterator) rest.push(id);
  assert.deepEqual(rest, ['b', 'c']);
  assert.deepEqual(seen.map(({ url }) => url), ['/api/v1/connections?workspaceId=acme&limit=2', '/api/v1/connections?workspaceId=acme&limit=2&cursor=b']);
});

test('the key is not shown, and what is missing is said', () => {
  assert.ok(!inspect(client(), { depth: 9, showHidden: true }).includes('wvz_test'));
  assert.ok(!JSON.stringify(client()).includes('wvz_test'));
  assert.throws(() => new KeyloomClient({ baseUrl: 'http://localhost' }), /apiKey/);
  assert.throws(() => new KeyloomClient({ apiKey: 'wvz_x' }), /baseUrl/);
  assert.throws(() => new KeyloomClient({ apiKey: 'wvz_x', baseUrl: 'nonsense' }), TypeError);
  process.env.KEYLOOM_PUBLIC_URL = 'https://keyloom.example/';
  assert.equal(new KeyloomClient({ apiKey: 'wvz_x' }).baseUrl, 'https://keyloom.example');
  delete process.env.KEYLOOM_PUBLIC_URL;
});

test('Retry-After in seconds and as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.deepEqual(
    ['7', '0', '-3', 'Thu, 01 Jan 2026 00:00:09 GMT', 'Wed, 31 Dec 2025 00:00:00 GMT', 'soon', '', null].map((header) => parseRetryAfter(header, now)),
    [7, 0, 0, 9, 0, undefined, undefined, undefined],
  );
});
