import { path, type RequestOptions, type Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type { Connection, Deleted, EndUser, Metadata, PortalToken } from '../types.js';

export interface NewEndUser {
  /** Id or slug. */
  workspaceId?: string;
  /** Yours. */
  externalId: string;
  displayName?: string;
  email?: string;
  metadata?: Metadata;
}

export interface NewPortalToken {
  /** Open straight on this integration. */
  integrationName?: string;
  workspaceIntegrationId?: string;
  /** Seconds, 300 to 2 592 000; one hour by default. */
  expiresIn?: number;
  /** End the tokens handed out before. */
  revokeOthers?: boolean;
}

export type EndUserList = Page & { endUsers: EndUser[] };

/** Users of your product. Paths take the `eu_…` id, everything else also your own. */
export class EndUsers {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  create(input: NewEndUser, options?: RequestOptions): Promise<{ endUser: EndUser }> {
    return this.#http.request({ method: 'POST', path: '/end-users', body: input }, options);
  }

  list(params: { workspaceId?: string } & PageParams = {}, options?: RequestOptions): Promise<EndUserList> {
    return this.#http.request({ method: 'GET', path: '/end-users', query: { ...params } }, options);
  }

  iterate({ limit, ...filter }: { workspaceId?: string } & IterateParams = {}, options?: RequestOptions): AsyncGenerator<EndUser, void, undefined> {
    return iterate((page, given) => this.list({ ...filter, ...page }, given), (answer) => answer.endUsers, limit === undefined ? {} : { limit }, options);
  }

  get(id: string, options?: RequestOptions): Promise<{ endUser: EndUser; connections: Connection[] }> {
    return this.#http.request({ method: 'GET', path: path`/end-users/${id}` }, options);
  }

  /** Null clears a field. */
  update(id: string, patch: { displayName?: string | null; email?: string | null; metadata?: Metadata }, options?: RequestOptions): Promise<{ endUser: EndUser }> {
    return this.#http.request({ method: 'PATCH', path: path`/end-users/${id}`, body: patch }, options);
  }

  /** Their connections go with them. */
  delete(id: string, options?: RequestOptions): Promise<Deleted & { connectionsDeleted: number }> {
    return this.#http.request({ method: 'DELETE', path: path`/end-users/${id}` }, options);
  }

  /** A link to their own page: straight to one integration, or to all their connections. */
  createConnectToken(id: string, input: NewPortalToken = {}, options?: RequestOptions): Promise<PortalToken> {
    return this.#http.request({ method: 'POST', path: path`/end-users/${id}/connect-token`, body: input }, options);
  }

  /** The same by e-mail; `emailSent` is false where the server has no SMTP. */
  invite(id: string, input: NewPortalToken & { email: string }, options?: RequestOptions): Promise<PortalToken & { emailSent: boolean }> {
    return this.#http.request({ method: 'POST', path: path`/end-users/${id}/invite`, body: input }, options);
  }
}
