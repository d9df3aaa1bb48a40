// Every method once, against the real server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AuthenticationError, ConflictError, KeyloomClient, NotFoundError, PermissionDeniedError, TimeoutError, ValidationError, verifyWebhook, WebhookVerificationError } from '../dist/index.js';
import { startKeyloom, until } from './harness.mjs';
import { connectByHand } from './person.mjs';

let stack;
let client;
before(async () => {
  stack = await startKeyloom();
  client = new KeyloomClient({ apiKey: stack.key, baseUrl: stack.url, maxRetries: 0 });
});
after(() => stack.stop());

let number = 0;
const workspace = async () => (await client.workspaces.create({ name: 'Acme', slug: `acme-${(number += 1)}` })).workspace;
const key = async (externalId, more = {}, options = {}) => {
  const given = { type: 'SECRET_TEXT', integrationName: 'openai', externalId, secretText: 'sk-test-0123456789', ...more };
  return (await client.connections.create(given, options)).connection;
};
const token = (more = {}) => client.connect.createToken({ integrationName: 'slack', connectionName: 'Slack', externalId: `ext-${(number += 1)}`, ...more });
const collect = async (items) => {
  const found = [];
  for await (const { id } of items) found.push(id);
  return found;
};

test('connections: create, upsert, get, update, list, iterate, delete', async () => {
  const { id: workspaceId } = await workspace();
  const made = await key('a', { workspaceId, displayName: 'Key', metadata: { plan: [1, null] } });
  assert.deepEqual([made.externalId, made.displayName, made.type, made.scope, made.workspaceId, made.metadata], ['a', 'Key', 'SECRET_TEXT', 'WORKSPACE', workspaceId, { plan: [1, null] }]);
  await assert.rejects(key('a', { workspaceId }), (error) => error instanceof ConflictError && error.code === 'DUPLICATE' && error.details.existingId === made.id);
  assert.equal((await key('a', { workspaceId, secretText: 'sk-other-0123456789' }, { upsert: true })).id, made.id);
  await assert.rejects(key('b', { workspaceId, secretText: 'wrong' }, { validate: true }), { status: 400, code: 'CREDENTIALS_REJECTED' });
  assert.equal((await client.connections.get(made.id)).connection.id, made.id);
  const { connection } = await client.connections.update(made.id, { displayName: 'Renamed', metadata: {} });
  assert.deepEqual([connection.displayName, connection.metadata], ['Renamed', {}]);

  const all = [made.id];
  for (const name of ['b', 'c', 'd', 'e']) all.unshift((await key(name, { workspaceId })).id);
  const page = await client.connections.list({ workspaceId, limit: 2 });
  assert.deepEqual([page.connections.map(({ id }) => id), page.total, typeof page.nextCursor], [all.slice(0, 2), 5, 'string']);
  assert.deepEqual(await collect(client.connections.iterate({ workspaceId, limit: 2 })), all);
  assert.deepEqual(await collect(client.connections.iterate({ workspaceId, externalId: 'c' })), [all[2]]);
  const gone = await client.connections.delete(made.id);
  assert.deepEqual([gone.deleted, gone.id, gone.revocation.attempted], [true, made.id, false]);
  await assert.rejects(client.connections.get(made.id), (error) => error instanceof NotFoundError && error.code === 'CONNECTION_NOT_FOUND' && error.requestId.startsWith('req_'));
});

test('connections: resolve, credentials, test, events, other types', async () => {
  const { id: workspaceId } = await workspace();
  const made = await key('mine', { workspaceId, endUserId: 'user_1' });
  const { connection } = await client.connections.resolve({ integrationName: 'openai', externalId: 'mine', workspaceId, endUserId: 'user_1' });
  assert.equal(connection.id, made.id);
  await assert.rejects(client.connections.resolve({ integrationName: 'openai', externalId: 'mine', workspaceId }), (error) => error instanceof PermissionDeniedError && error.code === 'SCOPE_DENIED');
  const { credentials } = await client.connections.credentials(made.id);
  assert.deepEqual([credentials.type, credentials.secretText], ['SECRET_TEXT', 'sk-test-0123456789']);
  assert.equal((await client.connections.test(made.id)).test.ok, true);
  await assert.rejects(client.connections.refresh(made.id), { status: 400, code: 'NOT_OAUTH2' });
  const { events } = await client.connections.events(made.id, { limit: 10 });
  assert.ok(events.some(({ type }) => type === 'credentials.read') && events.some(({ type }) => type === 'connection.created'), JSON.stringify(events));
  const basic = { type: 'BASIC_AUTH', integrationName: 'smtp', externalId: 'b', username: 'u', password: 'p', props: { host: 'smtp.example.com', port: 587 }, workspaceId };
  assert.equal((await client.connections.create(basic)).connection.type, 'BASIC_AUTH');
  const imported = { type: 'OAUTH2', integrationName: 'github', externalId: 'c', accessToken: 'at', tokenType: 'Bearer', expiresIn: 3600, scope_oauth: 'repo user', workspaceId };
  assert.deepEqual((await client.connections.create(imported)).connection.grantedScopes, ['repo', 'user']);
  const wrong = { type: 'CUSTOM_AUTH', integrationName: 'freshsales', externalId: 'd', props: { base_url: 'https://evil.example' }, workspaceId };
  await assert.rejects(client.connections.create(wrong), (error) => error instanceof ValidationError && error.fields.map(({ path }) => path).sort().join() === 'props.api_key,props.base_url');
});

test('connect: token, session, poll, wait, refresh of what came of it', async () => {
  const issued = await token();
  assert.ok(issued.token.startsWith('cst_') && issued.sessionId.startsWith('cs_') && issued.connectUrl.includes(issued.token));
  const { status, connection } = await client.connect.getSession(issued.sessionId);
  assert.deepEqual([status, connection], ['pending', null]);
  // Another key, or none that is valid: the token is what counts.
  assert.equal((await new KeyloomClient({ apiKey: 'wvz_none', baseUrl: stack.url }).connect.poll(issued.token)).status, 'PENDING');
  await assert.rejects(client.connect.wait(issued.sessionId, { timeout: 1_000 }), (error) => error instanceof TimeoutError && error.code === 'CONNECT_TIMEOUT');
  await assert.rejects(client.connect.wait(issued.token, { timeout: 300, interval: 100 }), { code: 'CONNECT_TIMEOUT' });

  const both = Promise.all([client.connect.wait(issued.sessionId), client.connect.wait(issued.token, { interval: 300 })]);
  assert.match(await connectByHand(issued.connectUrl, { login: 'emil' }), /Connected as/);
  const [session, poll] = await both;
  assert.deepEqual([session.status, session.connection.account.label, poll.status, poll.connectionId], ['completed', 'User emil', 'COMPLETED', session.connection.id]);
  assert.equal((await client.connect.getSession(issued.sessionId, { wait: 20 })).status, 'completed');
  const before = (await client.connections.credentials(session.connection.id)).credentials.accessToken;
  assert.ok((await client.connections.refresh(session.connection.id)).connection.lastRefreshedAt);
  assert.notEqual((await client.connections.credentials(session.connection.id)).credentials.accessToken, before);
  assert.equal((await client.connections.delete(session.connection.id)).revocation.attempted, true);
});

test('connect: a person who says no, and one who cancels', async () => {
  const denied = await token();
  await connectByHand(denied.connectUrl, { deny: true });
  const session = await client.connect.wait(denied.sessionId);
  assert.deepEqual([session.status, session.errorCode, session.connection], ['failed', 'access_denied', null]);
  const cancelled = await token();
  await connectByHand(cancelled.connectUrl, { cancel: true });
  assert.equal((await client.connect.getSession(cancelled.sessionId, { wait: 5 })).status, 'cancelled');
  assert.equal((await client.connect.wait(cancelled.token)).status, 'FAILED');
});

test('connect: verified, completed by the application', async () => {
  const { id: workspaceId } = await workspace();
  const issued = await token({ workspaceId, endUserId: 'user_1', completion: 'verified' });
  await assert.rejects(client.connect.complete(issued.sessionId, { endUserId: 'user_1' }), { status: 412, code: 'PRECONDITION_FAILED' });
  const page = await connectByHand(issued.connectUrl, { login: 'emil' });
  const [, code] = /data-code="([^"]+)"/.exec(page);
  assert.equal((await client.connect.getSession(issued.sessionId)).status, 'awaiting_confirmation');
  const session = await client.connect.complete(issued.sessionId, { endUserId: 'user_1', code });
  assert.deepEqual([session.status, session.connection.account.label], ['completed', 'User emil']);
  await assert.rejects(client.connect.complete(issued.sessionId, { endUserId: 'user_1' }), { status: 410, code: 'SESSION_EXPIRED' });
  await assert.rejects(client.connect.complete((await token()).sessionId, { endUserId: 'user_1' }), ValidationError);
});

test('end users', async () => {
  const { id: workspaceId } = await workspace();
  const { endUser } = await client.endUsers.create({ workspaceId, externalId: 'user_1', displayName: 'Alice', email: 'alice@example.test', metadata: { a: 1 } });
  assert.deepEqual([endUser.externalId, endUser.displayName, endUser.metadata, endUser.connectionCount], ['user_1', 'Alice', { a: 1 }, 0]);
  await assert.rejects(client.endUsers.create({ workspaceId, externalId: 'user_1' }), (error) => error instanceof ConflictError && error.details.existingId === endUser.id);
  const { id: second } = (await client.endUsers.create({ workspaceId, externalId: 'user_2' })).endUser;
  assert.deepEqual((await client.endUsers.list({ workspaceId, limit: 1 })).endUsers.map(({ id }) => id), [second]);
  assert.deepEqual(await collect(client.endUsers.iterate({ workspaceId, limit: 1 })), [second, endUser.id]);
  assert.deepEqual((({ displayName, email }) => [displayName, email])((await client.endUsers.update(endUser.id, { displayName: 'Alicia', email: null })).endUser), ['Alicia', null]);
  const connection = await key('theirs', { workspaceId, endUserId: 'user_1' });
  assert.deepEqual((await client.endUsers.get(endUser.id)).connections.map(({ id }) => id), [connection.id]);
  const portal = await client.endUsers.createConnectToken(endUser.id, { integrationName: 'slack', expiresIn: 600 });
  assert.ok(portal.token.startsWith('eut_') && portal.connectUrl.includes('/connect/portal?token='));
  assert.ok((await client.endUsers.createConnectToken(endUser.id)).token);
  assert.deepEqual(await client.endUsers.delete(endUser.id), { deleted: true, id: endUser.id, connectionsDeleted: 1 });
});

test('workspaces', async () => {
  const made = await workspace();
  assert.equal((await client.workspaces.get(made.slug)).workspace.id, made.id);
  const changed = await client.workspaces.update(made.id, { name: 'Renamed', allowedOrigins: ['https://app.example'], accent: null });
  assert.deepEqual([changed.workspace.name, changed.workspace.allowedOrigins], ['Renamed', ['https://app.example']]);
  assert.equal((await client.workspaces.list({ limit: 1 })).workspaces[0].id, made.id);
  assert.ok((await collect(client.workspaces.iterate({ limit: 2 }))).includes(made.id));
  await key('held', { workspaceId: made.id });
  await assert.rejects(client.workspaces.delete(made.id), (error) => error instanceof ConflictError && error.code === 'NOT_EMPTY');
  assert.deepEqual(await client.workspaces.delete(made.id, { force: true }), { deleted: true, id: made.id });
});

test('integrations', async () => {
  const { integrations, total, registered } = await client.integrations.list();
  assert.ok(total === integrations.length && registered.length === total && total > 30);
  assert.ok((await client.integrations.listSummary()).integrations.every(({ name, displayName }) => name && displayName));
  assert.equal((await client.integrations.list({ limit: 3 })).integrations.length, 3);
  assert.equal((await client.integrations.get('slack')).integration.auth.type, 'OAUTH2');
  assert.deepEqual((await client.integrations.oauthStatus()).configured.sort(), ['coop', 'slack']);
  await assert.rejects(client.integrations.get('nothing-like-it'), { code: 'INTEGRATION_NOT_FOUND' });
});

test('OAuth apps', async () => {
  const { id: workspaceId } = await workspace();
  const { oauthApp } = await client.oauthApps.create({ integrationName: 'slack', workspaceId, clientId: 'mine', clientSecret: 'secret-0123456789', scopes: ['openid'] });
  assert.deepEqual([oauthApp.clientId, oauthApp.hasClientSecret, oauthApp.workspaceId], ['mine', true, workspaceId]);
  assert.equal(JSON.stringify(oauthApp).includes('secret-0123456789'), false);
  assert.equal((await client.oauthApps.get(oauthApp.id)).oauthApp.callbackUrl, oauthApp.callbackUrl);
  assert.equal((await client.oauthApps.update(oauthApp.id, { clientId: 'other' })).oauthApp.clientId, 'other');
  assert.ok((await client.oauthApps.list({ integrationName: 'slack' })).oauthApps.some(({ id }) => id === oauthApp.id));
  assert.ok((await collect(client.oauthApps.iterate({ integrationName: 'slack', limit: 1 }))).includes(oauthApp.id));
  assert.deepEqual(await client.oauthApps.delete(oauthApp.id), { deleted: true, id: oauthApp.id });
});

test('API keys', async () => {
  const { id: workspaceId } = await workspace();
  const { apiKey, plainKey } = await client.apiKeys.create({ name: 'Limited', expiresAt: '2099-01-01T00:00:00.000Z', permissions: { scope: 'workspace', workspaceIds: [workspaceId] } });
  assert.ok((await client.apiKeys.list()).apiKeys.some(({ id }) => id === apiKey.id));
  const limited = new KeyloomClient({ apiKey: plainKey, baseUrl: `${stack.url}/` });
  const { connection } = await limited.connections.create({ type: 'SECRET_TEXT', integrationName: 'openai', externalId: 'x', secretText: 'sk-limited-0123456789' });
  assert.equal(connection.workspaceId, workspaceId);
  await assert.rejects(limited.connections.credentials(connection.id), PermissionDeniedError);
  assert.deepEqual(await client.apiKeys.delete(apiKey.id), { deleted: true, id: apiKey.id });
  await assert.rejects(limited.connections.list(), (error) => error instanceof AuthenticationError && error.code === 'UNAUTHORIZED');
});

test('any other call', async () => {
  assert.equal((await client.request('GET', '/connections', { query: { limit: 1 } })).connections.length, 1);
  await assert.rejects(client.request('POST', '/connections', { body: { stray: 1 } }), ValidationError);
});

test('webhooks and events: create, verify, rotate, test, deliveries, replay, update, list, iterate, delete', async () => {
  const { id: workspaceId } = await workspace();
  const { webhook, secret } = await client.webhooks.create({ url: stack.hook, events: ['connection.created'], workspaceId });
  assert.deepEqual([webhook.url, webhook.events, webhook.workspaceId, webhook.enabled], [stack.hook, ['connection.created'], workspaceId, true]);
  const made = await key('told', { workspaceId });
  const { headers, body } = await until('the message', () => stack.hooks.shift());
  const message = await verifyWebhook(body, headers, secret);
  assert.deepEqual([message.id, message.type, message.data.connection.id], [headers['webhook-id'], 'connection.created', made.id]);
  assert.deepEqual((await verifyWebhook(body, new Headers(headers), secret)).id, message.id);
  const refused = (...given) => assert.rejects(verifyWebhook(...given), WebhookVerificationError);
  await refused(`${body} `, headers, secret);
  await refused(body, headers, `whsec_${btoa('another key of twenty-four')}`);
  await refused(body, { ...headers, 'webhook-timestamp': '1700000000' }, secret);
  await refused(body, { ...headers, 'webhook-signature': undefined }, secret);
  const { events } = await client.events.list({ connectionId: made.id, type: 'connection.created' });
  assert.deepEqual(events.map(({ id }) => id), [message.id]);
  assert.ok((await collect(client.events.iterate({ workspaceId, limit: 2 }))).includes(message.id));

  const rotated = await client.webhooks.rotateSecret(webhook.id);
  const { delivery } = await client.webhooks.test(webhook.id);
  assert.deepEqual([delivery.status, delivery.responseStatus], ['delivered', 204]);
  const test = await until('the test', () => stack.hooks.shift());
  for (const either of [secret, rotated.secret]) assert.equal((await verifyWebhook(test.body, test.headers, either)).type, 'webhook.test');
  const { deliveries, total } = await until('both are noted', async () => {
    const list = await client.webhooks.deliveries(webhook.id, { status: 'delivered' });
    return list.total === 2 && list;
  });
  assert.deepEqual([total, deliveries.at(-1).eventId], [2, message.id]);
  const replayed = (await client.webhooks.replay(webhook.id, deliveries.at(-1).id)).delivery;
  assert.deepEqual([replayed.replayOf, replayed.eventId], [deliveries.at(-1).id, message.id]);
  assert.equal((await until('the replay', () => stack.hooks.shift())).body, body);

  assert.equal((await client.webhooks.update(webhook.id, { events: null, enabled: false })).webhook.enabled, false);
  assert.equal((await client.webhooks.get(webhook.id)).webhook.events, null);
  assert.ok((await client.webhooks.list({ limit: 1 })).total >= 1);
  assert.ok((await collect(client.webhooks.iterate())).includes(webhook.id));
  assert.equal((await client.webhooks.delete(webhook.id)).deleted, true);
  await assert.rejects(client.webhooks.create({ url: 'http://169.254.169.254/' }), (error) => error instanceof ValidationError && error.fields[0].path === 'url');
});

// What needs no more than a workspace of its own.
const inOwnWorkspace = {
  'connections.resolveBatch': async (workspaceId) => {
    const { id } = await key('in-a-batch', { workspaceId });
    const of = (externalId) => ({ integrationName: 'openai', externalId, workspaceId });
    const { results } = await client.connections.resolveBatch({ requests: [of('nothing'), of('in-a-batch')] });
    assert.deepEqual([results.length, results[0].code, results[1].connection.id], [2, 'CONNECTION_NOT_FOUND', id]);
  },
  'oauthApps.check': async (workspaceId) => {
    const { oauthApp } = await client.oauthApps.create({ integrationName: 'slack', workspaceId, clientId: 'conf', clientSecret: 'conf-secret-0123456789' });
    const { check } = await client.oauthApps.check(oauthApp.id);
    // Where its consent page is not https the server does not look at it, and says so.
    assert.deepEqual([check.ok, check.client, check.redirectUri], [null, 'accepted', 'unknown'], JSON.stringify(check));
    const redirect = check.checks.find(({ name }) => name === 'redirectUri');
    assert.ok(redirect.message.includes(oauthApp.callbackUrl) && redirect.suggestion);
  },
  'actions.execute': async (workspaceId) => {
    await key('for-actions', { workspaceId });
    const { success, output, duration } = await client.actions.execute('openai', 'custom_api_call', { workspaceId, input: { method: 'GET', path: '/v1/models' } });
    assert.deepEqual([success, output.status, output.body, typeof duration], [true, 200, { data: [] }, 'number']);
    assert.deepEqual((await client.actions.execute('openai', 'list_models', { workspaceId })).output, []);
    await assert.rejects(client.actions.execute('openai', 'list_model', { workspaceId }), { status: 404, code: 'ACTION_NOT_FOUND' });
    await assert.rejects(client.actions.execute('openai', 'create_embedding', { workspaceId, input: {} }), ValidationError);
  },
  'workspaces.listIntegrations': async (id) => assert.equal((await client.workspaces.listIntegrations(id)).total, 0),
  'workspaces.addIntegration, updateIntegration, removeIntegration': async (id) => {
    const { integration } = await client.workspaces.addIntegration(id, { integrationName: 'slack', alias: 'our_slack' });
    assert.equal((await client.workspaces.updateIntegration(id, integration.id, { displayName: 'Ours' })).integration.displayName, 'Ours');
    assert.equal((await client.workspaces.removeIntegration(id, integration.id)).deleted, true);
  },
  'endUsers.invite': async (workspaceId) => {
    const { endUser } = await client.endUsers.create({ workspaceId, externalId: 'invited' });
    assert.equal((await client.endUsers.invite(endUser.id, { email: 'a@example.test' })).emailSent, false);
  },
};
for (const [name, call] of Object.entries(inOwnWorkspace)) test(name, async () => call((await workspace()).id));
