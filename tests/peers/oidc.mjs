// A real OAuth 2 / OpenID Connect server for tests: oidc-provider with our clients, and with handles to steer and watch it.
//
//   node oidc.mjs PORT PART [JWKS]
//
//   PART  the folder that install.sh put oidc-provider into
//   JWKS  public keys of the clients that sign; without it they are made here, see GET /control/keys
//
// Environment: OIDC_ACCESS_TTL, seconds that an access token lives (3600); OIDC_DEVICE_INTERVAL, seconds between two polls
// of the device flow (1). The issuer is http://127.0.0.1:PORT, everything is in memory, every account name exists.
//
//   browser ─→ /auth ─→ /interaction/UID ─→ /auth/UID ─→ redirect URI   signs in and consents by itself
//   client  ─→ /token   hold → fault → provider, one request at a time → hold → log → reply
//   client  ─→ /api/whoami   the protected resource
//   test    ─→ /control/…    see `control` below

import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [port, part, jwksFile] = process.argv.slice(2);
if (!port || !part) {
  console.error('usage: node oidc.mjs PORT PART [JWKS]');
  process.exit(2);
}

// The part is not in a parent folder of this script, so that Node does not find its modules by name.
const load = (path) => import(pathToFileURL(join(resolve(part), 'node_modules', path)));
const { Provider, errors, interactionPolicy } = await load('oidc-provider/lib/index.js');
const jose = await load('jose/dist/webapi/index.js');

const ISSUER = `http://127.0.0.1:${port}`;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const FORTNIGHT = 14 * 24 * 3600;
const DEVICE_INTERVAL = Number(process.env.OIDC_DEVICE_INTERVAL ?? 1);
let accessTtl = Number(process.env.OIDC_ACCESS_TTL ?? 3600);

// ---- storage

// The provider's own memory forgets after a thousand entries; this one never does.
const stores = new Map();

class Store {
  #entries = new Map();

  constructor(model) {
    stores.set(model, this);
  }

  async upsert(id, payload) {
    this.#entries.set(id, payload);
  }

  async find(id) {
    return this.#entries.get(id);
  }

  async findByUid(uid) {
    return this.#first('uid', uid);
  }

  async findByUserCode(userCode) {
    return this.#first('userCode', userCode);
  }

  async consume(id) {
    this.#entries.get(id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const [id, entry] of this.#entries) {
      if (entry.grantId === grantId) this.#entries.delete(id);
    }
  }

  clear() {
    this.#entries.clear();
  }

  #first(key, value) {
    for (const entry of this.#entries.values()) {
      if (entry[key] === value) return entry;
    }
    return undefined;
  }
}

// ---- clients and their keys

const privateKeys = {};

// The public keys of one kind, "RSA" or "EC": those of the file, or a pair that is made here.
function publicKeys(kind) {
  const given = jwksFile ? JSON.parse(readFileSync(jwksFile, 'utf8')).keys : [];
  const keys = given.filter((key) => key.kty === kind);
  if (keys.length > 0) return keys;
  const { privateKey } = kind === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  privateKeys[kind] = privateKey;
  return [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: `own-${kind.toLowerCase()}` }];
}

const rsa = publicKeys('RSA');
const ec = publicKeys('EC');

const CODE_CLIENT = {
  // Native: any port of the loopback address is allowed in the redirect URI.
  application_type: 'native',
  redirect_uris: ['127.0.0.1', 'localhost', '[::1]'].flatMap((host) => ['', 'callback', 'oauth/callback']
    .map((path) => `http://${host}/${path}`)),
  response_types: ['code'],
};
const ALL_GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', DEVICE_CODE];

const clients = [
  {
    ...CODE_CLIENT,
    client_id: 'public-app',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE],
  },
  {
    ...CODE_CLIENT,
    client_id: 'confidential',
    client_secret: 'oidc-client-secret-canary',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ALL_GRANTS,
  },
  {
    ...CODE_CLIENT,
    client_id: 'confidential-post',
    client_secret: 'oidc-post-secret-canary',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ALL_GRANTS,
  },
  {
    // RFC 6749, section 2.3.1: id and secret are form-encoded before they go into Basic.
    ...CODE_CLIENT,
    client_id: 'confidential:odd',
    client_secret: 'oidc odd:secret+canary 100%&=',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ALL_GRANTS,
  },
  {
    ...CODE_CLIENT,
    client_id: 'jwt-client',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks: { keys: rsa },
    grant_types: [...ALL_GRANTS, JWT_BEARER],
  },
  {
    ...CODE_CLIENT,
    client_id: 'jwt-client-es',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: ec },
    grant_types: [...ALL_GRANTS, JWT_BEARER],
  },
  {
    // RFC 7523, section 2.1, as service accounts use it: the assertion is all there is.
    client_id: 'service-account',
    token_endpoint_auth_method: 'none',
    jwks: { keys: [...rsa, ...ec] },
    grant_types: [JWT_BEARER],
    response_types: [],
    redirect_uris: [],
  },
];

// ---- the provider

// Every login asks, so that a login is always a grant of its own and can always be denied.
const policy = interactionPolicy.base();
policy.get('consent').checks.add(new interactionPolicy.Check(
  'always',
  'every login is a grant of its own',
  'consent_required',
  (ctx) => !ctx.oidc.result?.consent,
));

const provider = new Provider(ISSUER, {
  adapter: Store,
  clients,
  jwks: { keys: [signingKey()] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'api:read', 'api:write'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    // Clients register with this token (RFC 7591), and take their registration back (RFC 7592).
    registration: { enabled: true, initialAccessToken: 'oidc-initial-canary' },
    registrationManagement: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: false },
  },
  interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: `Name of ${sub}`, email: `${sub}@example.com` }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  // With or without offline_access, and the token outlives the browser's session.
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  ttl: {
    AccessToken: () => accessTtl,
    ClientCredentials: () => accessTtl,
    AuthorizationCode: 60,
    DeviceCode: 600,
    Grant: FORTNIGHT,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: FORTNIGHT,
    Session: FORTNIGHT,
  },
});

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'server', use: 'sig', alg: 'RS256' };
}

async function makeGrant(accountId, clientId, scope) {
  const grant = new provider.Grant({ accountId, clientId });
  if (scope) grant.addOIDCScope(scope);
  return grant.save();
}

// oidc-provider has no JWT bearer grant (RFC 7523, section 2.1). The client is the issuer of the assertion.
provider.registerGrantType(JWT_BEARER, async (ctx) => {
  const { client, params } = ctx.oidc;
  const refuse = (why) => {
    throw new errors.InvalidGrant(why);
  };
  if (!params.assertion) refuse('assertion is missing');
  const keys = jose.createLocalJWKSet(clients.find((known) => known.client_id === client.clientId).jwks);
  let claims;
  try {
    ({ payload: claims } = await jose.jwtVerify(params.assertion, keys, {
      issuer: client.clientId,
      audience: [ISSUER, `${ISSUER}/token`],
      requiredClaims: ['exp', 'sub'],
      algorithms: ['RS256', 'ES256'],
    }));
  } catch (cause) {
    refuse(`assertion: ${cause.message}`);
  }
  if (claims.iat && claims.exp - claims.iat > 3600) refuse('assertion: valid for more than an hour');
  if (claims.jti && !(await provider.ReplayDetection.unique(claims.iss, claims.jti, claims.exp))) {
    refuse('assertion: used before');
  }
  const scope = params.scope ?? claims.scope ?? 'api:read';
  const token = new provider.AccessToken({
    accountId: claims.sub,
    client,
    grantId: await makeGrant(claims.sub, client.clientId, scope),
    gty: JWT_BEARER,
    scope,
  });
  ctx.oidc.entity('AccessToken', token);
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, scope, token_type: 'Bearer' };
}, ['assertion', 'scope']);

// ---- what is recorded

const requests = [];
const events = [];
const apiCalls = [];

for (const kind of ['access_token', 'client_credentials', 'refresh_token']) {
  for (const what of ['saved', 'consumed', 'destroyed']) {
    provider.on(`${kind}.${what}`, (token) => record(`${kind}.${what}`, token.clientId, token.grantId));
  }
}
provider.on('grant.revoked', (ctx, grantId) => record('grant.revoked', ctx.oidc.client?.clientId, grantId));
for (const name of ['grant.error', 'revocation.error', 'authorization.error', 'server_error']) {
  provider.on(name, (ctx, error) => {
    const reason = [error.message, error.error_description, error.error_detail].filter(Boolean).join(': ');
    record(name, ctx.oidc?.client?.clientId, undefined, reason);
    if (name === 'server_error') console.error(error);
  });
}

function record(event, clientId, grantId, reason) {
  events.push({ n: events.length + 1, event, client_id: clientId, grant_id: grantId, reason, at: Date.now() });
}

// ---- the token endpoint

// `when` is null, "before" or "after"; a request waits where that says until it is released.
const hold = { when: null, waiting: [] };
// The next `times` token requests are answered with this fault.
let fault = { kind: 'none', times: 0 };

const OAUTH_ERRORS = [
  'invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope',
  'authorization_pending', 'slow_down', 'access_denied', 'expired_token', 'temporarily_unavailable',
];

const FAULTS = {
  html: (ctx) => {
    ctx.status = 200;
    ctx.type = 'html';
    ctx.body = '<!DOCTYPE html><title>Sign in</title><p>Please sign in.</p>\n';
  },
  500: (ctx) => {
    ctx.status = 500;
    ctx.body = 'Internal Server Error';
  },
  503: (ctx) => {
    ctx.status = 503;
    ctx.set('Retry-After', '1');
    ctx.body = 'Service Unavailable';
  },
  // No reply as long as the client waits.
  hang: (ctx) => {
    ctx.respond = false;
  },
  truncate: (ctx) => {
    ctx.respond = false;
    ctx.res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
    ctx.res.write('{"access_token":"trunc', () => ctx.res.destroy());
  },
  reset: (ctx) => {
    ctx.respond = false;
    ctx.req.socket.resetAndDestroy();
  },
};
for (const error of OAUTH_ERRORS) {
  FAULTS[error] = (ctx) => {
    ctx.status = error === 'invalid_client' ? 401 : 400;
    ctx.body = { error, error_description: 'a fault that the test asked for' };
  };
}

function takeFault() {
  if (fault.times <= 0) return undefined;
  fault.times -= 1;
  return fault;
}

async function held(when, ctx) {
  if (hold.when !== when) return;
  await new Promise((released) => {
    hold.waiting.push({ released, socket: ctx.req.socket });
  });
}

// One at a time: in this memory, two refreshes with one token could otherwise both find it unused, and the second would
// go unpunished. A database would look and mark in one step.
let last = Promise.resolve();
function oneAtATime(work) {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}

async function tokenEndpoint(ctx, next) {
  // The provider takes the text from here when the stream has been read.
  const form = await parameters(ctx);
  nameTheClient(ctx, form);
  ctx.req.body = form.toString();
  const entry = {
    n: requests.length + 1,
    grant_type: form.get('grant_type'),
    client_id: clientId(ctx, form),
    status: null,
    error: null,
    at: Date.now(),
  };
  requests.push(entry);
  await held('before', ctx);
  if (ctx.req.socket.destroyed) {
    // Whoever asked was killed meanwhile: as if the request had never arrived.
    ctx.respond = false;
    return;
  }
  const fail = takeFault();
  if (!fail || fail.after) {
    if (!refuseMisplacedSecret(ctx, form)) await oneAtATime(next);
    entry.grant_id = grantOf(ctx);
  }
  if (fail) {
    entry.fault = fail.kind;
    FAULTS[fail.kind](ctx);
  }
  entry.error = ctx.body?.error ?? null;
  entry.status = ctx.respond === false ? null : ctx.status;
  await held('after', ctx);
}

// The provider reads forms alone; some services want JSON.
async function parameters(ctx) {
  const text = await read(ctx.req);
  if (!ctx.is('json')) return new URLSearchParams(text);
  ctx.req.headers['content-type'] = 'application/x-www-form-urlencoded';
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(JSON.parse(text))) {
    [value].flat().forEach((one) => form.append(name, one));
  }
  return form;
}

async function revocationEndpoint(ctx, next) {
  const form = new URLSearchParams(await read(ctx.req));
  ctx.req.body = form.toString();
  if (!refuseMisplacedSecret(ctx, form)) await oneAtATime(next);
}

// The provider takes a secret from the header or the form, whatever the client is registered for. Strict servers do not.
function refuseMisplacedSecret(ctx, form) {
  const id = clientId(ctx, form);
  const method = clients.find((known) => known.client_id === id)?.token_endpoint_auth_method;
  const misplaced = (method === 'client_secret_basic' && form.has('client_secret'))
    || (method === 'client_secret_post' && ctx.get('authorization') !== '');
  if (misplaced) {
    ctx.status = 401;
    ctx.set('WWW-Authenticate', `Basic realm="${ISSUER}"`);
    ctx.body = { error: 'invalid_client', error_description: `the client is registered for ${method}` };
  }
  return misplaced;
}

// A service account sends no client_id; the provider wants one before it looks at the assertion.
function nameTheClient(ctx, form) {
  if (form.get('grant_type') !== JWT_BEARER || clientId(ctx, form)) return;
  try {
    form.set('client_id', jose.decodeJwt(form.get('assertion')).iss);
  } catch {
    // No assertion, or not one: the provider refuses the request for want of a client.
  }
}

function clientId(ctx, form) {
  const [scheme, credentials] = (ctx.get('authorization') || '').split(' ');
  if (scheme.toLowerCase() === 'basic') {
    const name = Buffer.from(credentials ?? '', 'base64').toString().split(':')[0];
    return new URLSearchParams(`name=${name}`).get('name');
  }
  if (form.get('client_id')) return form.get('client_id');
  try {
    return jose.decodeJwt(form.get('client_assertion')).sub;
  } catch {
    return null;
  }
}

function grantOf(ctx) {
  const { AccessToken, RefreshToken, RotatedRefreshToken } = ctx.oidc?.entities ?? {};
  return (AccessToken ?? RefreshToken ?? RotatedRefreshToken)?.grantId;
}

// ---- the scripted person

// Signs in as `login_hint` (alice) and consents to everything; `login_hint=deny` refuses.
async function interaction(ctx) {
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  ctx.respond = false;
  if (params.login_hint === 'deny') {
    const result = { error: 'access_denied', error_description: 'the person refused' };
    return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  }
  const accountId = prompt.name === 'login' ? (params.login_hint || 'alice') : session.accountId;
  const consent = { grantId: await makeGrant(accountId, params.client_id, params.scope) };
  const result = prompt.name === 'login' ? { login: { accountId }, consent } : { consent };
  return provider.interactionFinished(ctx.req, ctx.res, result);
}

// ---- the protected resource

async function whoami(ctx) {
  const [, value] = /^Bearer (\S+)$/i.exec(ctx.get('authorization')) ?? [];
  const token = value && ((await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value)));
  if (token) {
    ctx.body = { sub: token.accountId ?? token.clientId, client_id: token.clientId, scope: token.scope };
  } else {
    ctx.status = 401;
    ctx.set('WWW-Authenticate', value ? 'Bearer error="invalid_token"' : 'Bearer');
    ctx.body = { error: value ? 'invalid_token' : 'unauthorized' };
  }
  apiCalls.push({
    n: apiCalls.length + 1,
    status: ctx.status,
    client_id: token?.clientId,
    grant_id: token?.grantId,
    at: Date.now(),
  });
}

// ---- the handles for tests

const control = {
  'GET events': () => ({ requests, events }),
  'GET api-calls': () => ({ count: apiCalls.length, calls: apiCalls }),
  // `gone`: how many of them wait for somebody who has closed the connection.
  'GET held': () => ({
    held: hold.waiting.length,
    gone: hold.waiting.filter(({ socket }) => socket.destroyed).length,
    when: hold.when,
  }),
  // The private keys that were made here, for clients without a JWKS file.
  'GET keys': () => Object.fromEntries(Object.entries(privateKeys)
    .map(([kind, key]) => [kind, key.export({ format: 'pem', type: 'pkcs8' })])),
  'POST hold-token-endpoint': () => {
    hold.when = 'before';
    return {};
  },
  'POST hold-after': () => {
    hold.when = 'after';
    return {};
  },
  'POST release': () => {
    hold.when = null;
    const released = hold.waiting.splice(0);
    released.forEach(({ released: go }) => go());
    return { released: released.length };
  },
  // {kind, times = 1, after = false}: with `after`, the provider does its work and only the reply is lost.
  'POST fault': ({ kind, times = 1, after = false }) => {
    if (kind !== 'none' && !Object.hasOwn(FAULTS, kind)) {
      throw new Error(`unknown kind ${kind}; known: none, ${Object.keys(FAULTS).join(', ')}`);
    }
    fault = { kind, times: kind === 'none' ? 0 : times, after };
    return {};
  },
  'POST expire-access-tokens': () => {
    stores.get('AccessToken')?.clear();
    stores.get('ClientCredentials')?.clear();
    return {};
  },
  // {seconds}: how long the access tokens live that are issued from now on.
  'POST access-ttl': ({ seconds }) => {
    if (!Number.isInteger(seconds) || seconds < 1) throw new Error('seconds must be a positive integer');
    accessTtl = seconds;
    return {};
  },
  // {user_code, account = "alice", deny = false}: what the person does on the device flow's page.
  'POST device': async ({ user_code: userCode, account = 'alice', deny = false }) => {
    const code = await provider.DeviceCode.findByUserCode(String(userCode).replace(/[^A-Z0-9]/gi, '').toUpperCase());
    if (!code) throw new Error(`no device waits for the code ${userCode}`);
    if (deny) {
      Object.assign(code, { error: 'access_denied', errorDescription: 'the person refused' });
    } else {
      const { scope } = code.params;
      const grantId = await makeGrant(account, code.clientId, scope);
      Object.assign(code, { accountId: account, grantId, scope, authTime: Math.floor(Date.now() / 1000) });
    }
    await code.save();
    return {};
  },
  // {client_id, scope, account = "alice", access_ttl}: the tokens of a login, without the browser.
  'POST mint': async ({
    client_id: id, scope = 'openid offline_access api:read', account = 'alice', access_ttl: expiresIn,
  }) => {
    const client = await provider.Client.find(id);
    if (!client) throw new Error(`no client ${id}`);
    const grantId = await makeGrant(account, id, scope);
    const about = { accountId: account, client, grantId, gty: 'authorization_code', scope };
    const access = new provider.AccessToken({ ...about, expiresIn });
    const refresh = new provider.RefreshToken({ ...about, rotations: 0 });
    return {
      access_token: await access.save(),
      refresh_token: await refresh.save(),
      expires_in: access.expiration,
      token_type: 'Bearer',
      scope,
      grant_id: grantId,
    };
  },
};

async function controlEndpoint(ctx) {
  const handler = control[`${ctx.method} ${ctx.path.slice('/control/'.length)}`];
  if (!handler) {
    ctx.status = 404;
    ctx.body = { error: 'no such handle', known: Object.keys(control) };
    return;
  }
  try {
    const text = await read(ctx.req);
    ctx.body = await handler(text ? JSON.parse(text) : {});
  } catch (error) {
    ctx.status = 400;
    ctx.body = { error: error.message };
  }
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

// ---- which request goes where

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/control/')) return controlEndpoint(ctx);
  if (ctx.path.startsWith('/interaction/')) return interaction(ctx);
  if (ctx.path === '/api/whoami') return whoami(ctx);
  if (ctx.path === '/token' && ctx.method === 'POST') return tokenEndpoint(ctx, next);
  if (ctx.path === '/token/revocation' && ctx.method === 'POST') return revocationEndpoint(ctx, next);
  await next();
  // Without it a client must wait five seconds (RFC 8628, section 3.2).
  if (ctx.path === '/device/auth' && ctx.body?.device_code) ctx.body = { ...ctx.body, interval: DEVICE_INTERVAL };
  return undefined;
});

createServer(provider.callback()).listen(Number(port), '127.0.0.1');
