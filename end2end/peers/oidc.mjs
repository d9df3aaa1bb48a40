// A real, certified authorization server (npm oidc-provider) for the journeys. Loopback only, nothing is kept.
//
// Three sites matter in the browser: app.localhost, localhost (ours) and provider.localhost. Chromium resolves *.localhost
// itself, glibc and Node do not. So the issuer and the page a person sees are on provider.localhost, while our server calls
// the token and userinfo endpoints of the same process on localhost; nothing in OAuth asks for them to share a host.
// Where the server must discover the endpoints itself (the `oidc` integration), start it with ISSUER=http://localhost:PORT.
//
// env  PORT      0 or absent: a free one
//      ISSUER    default http://provider.localhost:PORT; "localhost" means http://localhost:PORT
//      REDIRECT  redirect URIs of all clients, comma separated
//      AT_TTL    life of an access token in seconds (3600)
//      ROTATE    0: refresh tokens stay; default: each use gives a new one and a reuse revokes the family
//      GRACE     seconds for which a refresh token that has been used may be used again (0); only with ROTATE
//      COOP      Cross-Origin-Opener-Policy of its pages
//      REGISTER  1: clients register themselves (RFC 7591), and there is a protected resource at /mcp (RFC 9728)
//      METHODS   how those may authenticate, comma separated; default: as it can
//      SECRET_LIFE  what it says of how many seconds their secrets live; default: for ever
//      ISSUED    file to which every code and token it issues is appended, so that a test can look for them where they must not be
// out  `ready <issuer>` once it listens
// For tests: GET /_count, grants served by type; GET /_log, answered token requests in order (types only); GET /_received, how
// many token requests arrived; POST /_delay?ms=N, makes the next one wait that long before it is looked at; POST /_mint?count=N, makes so
// many grants to the first client without a person (each of an account of its own), and answers with their tokens; GET /_resources, for
// which resources it was asked, where; GET /_clients, ids of those that registered themselves; GET /_forget?client=ID, forgets one.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { storeWith } from './store.mjs';

// It warns that its memory store, its keys and its pages are for development: so is this.
console.info = console.warn = () => {};
const { Provider, errors } = await import('oidc-provider');

const { env } = process;
const server = createServer();
await new Promise((resolve) => server.listen(Number(env.PORT ?? 0), '127.0.0.1', resolve));
const { port } = server.address();
const issuer = env.ISSUER === 'localhost' ? `http://localhost:${port}` : (env.ISSUER ?? `http://provider.localhost:${port}`);
const accessTokenLife = Number(env.AT_TTL ?? 3600);

const client = {
  redirect_uris: (env.REDIRECT ?? 'http://localhost:3000/oauth/callback/demo').split(','),
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};
const methods = env.METHODS?.split(',');
const resource = `${issuer}/mcp`;
const registering = {
  features: {
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, asked) => {
        if (asked !== resource) throw new errors.InvalidTarget();
        return { scope: 'orders.read orders.write', audience: resource, accessTokenFormat: 'opaque', accessTokenTTL: accessTokenLife };
      },
    },
  },
  ...(methods ? { clientAuthMethods: methods } : {}),
};
const features = {
  devInteractions: { enabled: true },
  revocation: { enabled: true },
  introspection: { enabled: true },
  clientCredentials: { enabled: true },
};
const machine = { client_id: 'machine', client_secret: 'machine-secret-0123456789', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: 'conf', client_secret: 'conf-secret-0123456789', token_endpoint_auth_method: 'client_secret_basic' },
    { ...client, client_id: 'conf-post', client_secret: 'post-secret-0123456789', token_endpoint_auth_method: 'client_secret_post' },
    { ...client, client_id: 'pub', token_endpoint_auth_method: 'none' },
    // No person is behind it (RFC 6749 §4.4).
    { ...machine, token_endpoint_auth_method: 'client_secret_basic' },
  ].filter((known) => methods?.includes(known.token_endpoint_auth_method) ?? true),
  adapter: storeWith(Number(env.GRACE ?? 0)),
  pkce: { required: () => true },
  // Its default lets a token live 15 seconds longer than it says.
  clockTolerance: 0,
  scopes: ['openid', 'offline_access', 'profile', 'email'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  cookies: { keys: ['for-tests-only'] },
  rotateRefreshToken: env.ROTATE !== '0',
  // Without asking for prompt=consent and offline_access each time.
  issueRefreshToken: async (_, by) => by.grantTypeAllowed('refresh_token'),
  ttl: { AccessToken: accessTokenLife, ClientCredentials: accessTokenLife, RefreshToken: 86_400, AuthorizationCode: 60, Session: 3600, Grant: 86_400, Interaction: 600, IdToken: 3600 },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, name: `User ${id}`, email: `${id}@example.test` }) }),
  features,
  ...(env.REGISTER ? { ...registering, features: { ...features, ...registering.features } } : {}),
});

const count = {};
const log = [];
const note = (ctx, outcome) => {
  const type = ctx.oidc?.params?.grant_type ?? 'unknown';
  const key = outcome === 'ok' ? type : `error:${type}:${outcome}`;
  count[key] = (count[key] ?? 0) + 1;
  log.push({ grant: type, outcome });
};
const issued = (...values) => {
  const present = values.filter((value) => typeof value === 'string');
  if (env.ISSUED && present.length > 0) appendFileSync(env.ISSUED, `${present.join('\n')}\n`);
};
provider.on('grant.success', (ctx) => {
  note(ctx, 'ok');
  issued(ctx.body?.access_token, ctx.body?.refresh_token, ctx.body?.id_token);
});
provider.on('grant.error', (ctx, error) => note(ctx, error.error));
provider.on('authorization.success', (_, answer) => issued(answer?.code));

/** A grant as consent would have made it, and tokens that stand on it. */
async function mint(accountId, by) {
  const scope = 'openid profile email';
  const grant = new provider.Grant({ accountId, clientId: by.clientId });
  grant.addOIDCScope(scope);
  const token = { accountId, client: by, grantId: await grant.save(), gty: 'authorization_code', scope, claims: {} };
  const [access_token, refresh_token] = await Promise.all([new provider.AccessToken(token).save(), new provider.RefreshToken(token).save()]);
  return { account: accountId, access_token, refresh_token };
}
const resources = [];
const registered = [];
provider.on('grant.success', (ctx) => resources.push({ at: ctx.oidc.params.grant_type, resource: ctx.oidc.params.resource ?? null }));
provider.on('registration_create.success', (_, made) => registered.push(made.clientId));

let received = 0;
let delay = 0;
provider.use(async (ctx, next) => {
  if (ctx.path === '/_count') ctx.body = count;
  else if (ctx.path === '/_log') ctx.body = log;
  else if (ctx.path === '/_received') ctx.body = { received };
  else if (ctx.path === '/_mint') {
    const by = await provider.Client.find('conf');
    ctx.body = await Promise.all(Array.from({ length: Number(ctx.query.count ?? 1) }, (_, n) => mint(`minted-${n}`, by)));
  } else if (ctx.path === '/_resources') ctx.body = resources;
  else if (ctx.path === '/_clients') ctx.body = registered;
  else if (ctx.path === '/_forget') {
    await provider.Client.adapter.destroy(ctx.query.client);
    ctx.body = {};
  } else if (env.REGISTER && ctx.path === '/mcp') {
    ctx.status = 401;
    ctx.set('WWW-Authenticate', `Bearer resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp", scope="orders.read"`);
    ctx.body = {};
  } else if (env.REGISTER && ctx.path === '/.well-known/oauth-protected-resource/mcp') {
    ctx.body = { resource, authorization_servers: [issuer], scopes_supported: ['orders.read', 'orders.write'], resource_name: 'Orders' };
  } else if (ctx.path === '/_delay') {
    delay = Number(ctx.query.ms);
    ctx.body = { delay };
  } else {
    if (ctx.path === '/token') {
      received += 1;
      const wait = delay;
      delay = 0;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    if (ctx.path === '/auth') resources.push({ at: 'authorize', resource: ctx.query.resource ?? null });
    if (env.COOP) ctx.set('Cross-Origin-Opener-Policy', env.COOP);
    await next();
    if (env.SECRET_LIFE && ctx.path === '/reg' && ctx.body?.client_secret) {
      ctx.body.client_secret_expires_at = Math.floor(Date.now() / 1000) + Number(env.SECRET_LIFE);
    }
    // Its pages take a font from the network, which a test must not need.
    if (typeof ctx.body === 'string') ctx.body = ctx.body.replace(/@import url\([^)]*\);?/g, '');
  }
});
server.on('request', provider.callback());
process.on('SIGTERM', () => process.exit(0));
console.log(`ready ${issuer}`);
