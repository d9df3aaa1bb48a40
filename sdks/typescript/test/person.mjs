// A person at the hosted page without a browser: plain HTTP, a cookie jar and the forms that the pages show.
const DEVELOPMENT_HOST = 'provider.localhost';

/** Signs in at the provider and consents (or says no); returns the text of our last page. */
export async function connectByHand(connectUrl, { login = 'alice', deny = false, cancel = false } = {}) {
  const jar = new Map();
  const follow = async (address, form) => {
    let url = new URL(address);
    let body = form;
    for (let hop = 0; hop < 15; hop += 1) {
      // Node does not resolve *.localhost; the provider does not care by which name it is reached, its cookies do.
      const reached = new URL(url);
      const host = url.host;
      if (reached.hostname === DEVELOPMENT_HOST) reached.hostname = 'localhost';
      const cookies = [...(jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { accept: 'text/html', host, cookie: cookies, ...(body ? { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin } : {}) };
      const answer = await request(reached, headers, body);
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [pair] = line.split(';');
        const at = pair.indexOf('=');
        jar.set(host, (jar.get(host) ?? new Map()).set(pair.slice(0, at), pair.slice(at + 1)));
      }
      if (!answer.headers.location) return { url, text: answer.text };
      url = new URL(answer.headers.location, url);
      body = undefined;
    }
    throw new Error('too many redirects');
  };
  const ours = new URL(connectUrl).origin;
  let page = await follow(connectUrl);
  const own = /action="([^"]+)"/g;
  const actions = () => [...page.text.matchAll(own)].map(([, action]) => action);
  // Nothing tells the page that this comes from the application: it asks.
  const started = actions().find((action) => action.endsWith('/started'));
  if (started) page = await follow(new URL(started, page.url), 'x=');
  const target = actions().find((action) => action.endsWith('/cancel') === cancel);
  page = await follow(new URL(target, page.url), 'x=');
  for (let step = 0; step < 4 && page.url.origin !== ours; step += 1) {
    const [, action] = /action="([^"]+)"/.exec(page.text);
    if (page.text.includes('name="login"')) page = await follow(new URL(action, page.url), `prompt=login&login=${login}&password=any`);
    else if (deny) page = await follow(new URL(/href="([^"]*abort[^"]*)"/.exec(page.text)[1], page.url));
    else page = await follow(new URL(action, page.url), 'prompt=consent');
  }
  return page.text;
}

/** `fetch` does not let its caller say which host it means. */
async function request(url, headers, body) {
  const { request: send } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: body ? 'POST' : 'GET', headers: { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ headers: answer.headers, text });
    });
    sent.once('error', reject).end(body);
  });
}
