import type { RequestOptions, Transport } from '../http.js';
import type { PageParams } from '../pagination.js';
import type { Integration } from '../types.js';

export interface IntegrationFilter extends PageParams {
  q?: string;
  category?: string;
}

export interface IntegrationList<T = Integration> {
  integrations: T[];
  total: number;
  /** Names of all that fit, also of those on other pages. */
  registered: string[];
  nextCursor: string | null;
}

export class Integrations {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** The whole catalogue, unless `limit` is given. */
  list(params: IntegrationFilter = {}, options?: RequestOptions): Promise<IntegrationList> {
    return this.#http.request({ method: 'GET', path: '/integrations', query: { ...params } }, options);
  }

  /** The same, with less about each. */
  listSummary(params: IntegrationFilter = {}, options?: RequestOptions): Promise<IntegrationList<Partial<Integration> & Pick<Integration, 'name' | 'displayName'>>> {
    return this.#http.request({ method: 'GET', path: '/integrations', query: { ...params, summary: true } }, options);
  }

  get(name: string, options?: RequestOptions): Promise<{ integration: Integration }> {
    return this.#http.request({ method: 'GET', path: '/integrations', query: { name } }, options);
  }

  /** Those that have an OAuth app which could be used. */
  oauthStatus(options?: RequestOptions): Promise<{ configured: string[] }> {
    return this.#http.request({ method: 'GET', path: '/integrations/oauth-status' }, options);
  }
}
