import { path, type RequestOptions, type Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type { Deleted, OAuthApp, OAuthAppCheck } from '../types.js';

export interface NewOAuthApp {
  integrationName: string;
  /** None for the platform's app. */
  workspaceId?: string;
  clientId: string;
  /** None for public clients. Stored encrypted, never shown. */
  clientSecret?: string;
  /** Instead of the integration's. */
  scopes?: string[];
  /** What the integration asks of an app: see `oauth2.appFields`. */
  config?: Record<string, string>;
}

export type OAuthAppList = Page & { oauthApps: OAuthApp[] };

export class OAuthApps {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  create(input: NewOAuthApp, options?: RequestOptions): Promise<{ oauthApp: OAuthApp }> {
    return this.#http.request({ method: 'POST', path: '/oauth-apps', body: input }, options);
  }

  list(params: { integrationName?: string } & PageParams = {}, options?: RequestOptions): Promise<OAuthAppList> {
    return this.#http.request({ method: 'GET', path: '/oauth-apps', query: { ...params } }, options);
  }

  iterate({ limit, ...filter }: { integrationName?: string } & IterateParams = {}, options?: RequestOptions): AsyncGenerator<OAuthApp, void, undefined> {
    return iterate((page, given) => this.list({ ...filter, ...page }, given), (answer) => answer.oauthApps, limit === undefined ? {} : { limit }, options);
  }

  get(id: string, options?: RequestOptions): Promise<{ oauthApp: OAuthApp }> {
    return this.#http.request({ method: 'GET', path: path`/oauth-apps/${id}` }, options);
  }

  update(id: string, patch: Partial<Omit<NewOAuthApp, 'integrationName' | 'workspaceId'>>, options?: RequestOptions): Promise<{ oauthApp: OAuthApp }> {
    return this.#http.request({ method: 'PATCH', path: path`/oauth-apps/${id}`, body: patch }, options);
  }

  delete(id: string, options?: RequestOptions): Promise<Deleted> {
    return this.#http.request({ method: 'DELETE', path: path`/oauth-apps/${id}` }, options);
  }
  /** Asks the provider: tells a redirect URI that it does not know from a wrong client id or secret. */
  check(id: string, options?: RequestOptions): Promise<{ check: OAuthAppCheck }> {
    return this.#http.request({ method: 'POST', path: path`/oauth-apps/${id}/check`, repeatable: true }, options);
  }
}
