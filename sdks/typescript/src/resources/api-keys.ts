import { path, type RequestOptions, type Transport } from '../http.js';
import type { ApiKey, Deleted, Permissions } from '../types.js';

export class ApiKeys {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list(options?: RequestOptions): Promise<{ apiKeys: ApiKey[]; total: number }> {
    return this.#http.request({ method: 'GET', path: '/api-keys' }, options);
  }

  /** `plainKey` is in this answer only. */
  create(input: { name: string; expiresAt?: string; permissions?: Permissions }, options?: RequestOptions): Promise<{ apiKey: ApiKey; plainKey: string }> {
    return this.#http.request({ method: 'POST', path: '/api-keys', body: input }, options);
  }

  delete(id: string, options?: RequestOptions): Promise<Deleted> {
    return this.#http.request({ method: 'DELETE', path: path`/api-keys/${id}` }, options);
  }
}
