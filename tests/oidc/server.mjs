// An independent authorization server in the place of Schwab's: code with PKCE, refresh tokens that rotate and whose
// reuse ends the login. Prints its port. Two routes are not a server's: /browse follows a login as a browser whose user
// agrees would, and /count tells how many tokens were handed out.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const callback = 'https://127.0.0.1:8182';
const count = { code: 0, refresh: 0, reused: 0 };

const provider = new Provider('https://login.example', {
  clients: [{
    client_id: 'canary-app',
    client_secret: 'canary-app-secret',
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  routes: { authorization: '/v1/oauth/authorize', token: '/v1/oauth/token' },
  features: { devInteractions: { enabled: false } },
  scopes: ['api'],
  pkce: { required: () => true, methods: ['S256'] },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: 1800, RefreshToken: 604800, Grant: 604800, Session: 3600, Interaction: 600 },
  cookies: { keys: ['test'] },
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});
provider.on('grant.success', (ctx) => {
  count[ctx.oidc.params.grant_type === 'refresh_token' ? 'refresh' : 'code'] += 1;
});
provider.on('grant.error', () => { count.reused += 1; });

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'owner' } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const scopes = prompt.details.missingOIDCScope;
  if (scopes) grant.addOIDCScope(scopes.join(' '));
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

// Follows redirects with cookies until they leave this machine's server.
async function browse(url) {
  const jar = new Map();
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of reply.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      jar.set(name, value);
    }
    const location = reply.headers.get('location');
    if (!location) return `${reply.status} ${await reply.text()}`;
    if (location.startsWith(callback)) return location;
    url = new URL(location, url).href;
  }
  return 'too many redirects';
}

const fixture = (name) => readFileSync(new URL(`../../fixtures/providers/schwab/${name}`, import.meta.url));

async function broker(request, response, path) {
  const token = await provider.AccessToken.find((request.headers.authorization ?? '').replace('Bearer ', ''));
  response.setHeader('content-type', 'application/json');
  if (!token?.isValid) {
    response.statusCode = 401;
    return response.end('{}');
  }
  if (path.endsWith('/transactions')) return response.end('[]');
  const file = { accounts: 'accounts.json', 'accounts/accountNumbers': 'account_numbers.json',
    userPreference: 'user_preference.json' }[path] ?? 'account.json';
  return response.end(fixture(file));
}

const handle = provider.callback();
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1');
  try {
    if (url.pathname.startsWith('/interaction/')) return await interact(request, response);
    if (url.pathname === '/browse') return response.end(await browse(url.searchParams.get('url')));
    if (url.pathname === '/count') return response.end(JSON.stringify(count));
    if (url.pathname.startsWith('/trader/v1/')) {
      return await broker(request, response, url.pathname.slice('/trader/v1/'.length));
    }
    // Schwab has no scopes; this server insists on one.
    if (url.pathname === '/v1/oauth/authorize') request.url += '&scope=api';
    return await handle(request, response);
  } catch (error) {
    response.statusCode = 500;
    return response.end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
