import { path, type RequestOptions, type Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type {
  Connection, ConnectionEvent, ConnectionStatus, ConnectionType, Credentials, Deleted, Health, Metadata, NewConnection, ResolveResult, Scope,
} from '../types.js';

export interface ConnectionFilter {
  integrationName?: string;
  workspaceId?: string;
  endUserId?: string;
  status?: ConnectionStatus;
  health?: Health;
  scope?: Scope;
  type?: ConnectionType;
  externalId?: string;
  /** Start of the name, external id or account. */
  q?: string;
}

export interface ResolveParams {
  integrationName: string;
  externalId?: string;
  workspaceId?: string;
  endUserId?: string;
  authMethodKey?: string;
}

export interface CreateConnectionOptions extends RequestOptions {
  /** Give an existing one with this external id these credentials, in place of a 409. */
  upsert?: boolean;
  /** Ask the provider first, and store nothing if it refuses. */
  validate?: boolean;
}

export type ConnectionList = Page & { connections: Connection[] };

export class Connections {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  create(input: NewConnection, { upsert, validate, ...options }: CreateConnectionOptions = {}): Promise<{ connection: Connection }> {
    return this.#http.request({ method: 'POST', path: '/connections', query: { upsert, validate }, body: input }, options);
  }

  /** Newest first. */
  list(params: ConnectionFilter & PageParams = {}, options?: RequestOptions): Promise<ConnectionList> {
    return this.#http.request({ method: 'GET', path: '/connections', query: { ...params } }, options);
  }

  /** `for await (const connection of client.connections.iterate({ workspaceId }))` */
  iterate({ limit, ...filter }: ConnectionFilter & IterateParams = {}, options?: RequestOptions): AsyncGenerator<Connection, void, undefined> {
    return iterate((page, given) => this.list({ ...filter, ...page }, given), (answer) => answer.connections, limit === undefined ? {} : { limit }, options);
  }

  get(id: string, options?: RequestOptions): Promise<{ connection: Connection }> {
    return this.#http.request({ method: 'GET', path: path`/connections/${id}` }, options);
  }

  update(id: string, patch: { displayName?: string; metadata?: Metadata }, options?: RequestOptions): Promise<{ connection: Connection }> {
    return this.#http.request({ method: 'PATCH', path: path`/connections/${id}`, body: patch }, options);
  }

  /** Also withdraws the grant at the provider, where that is possible. */
  delete(id: string, options?: RequestOptions): Promise<Deleted & { revocation: { attempted: boolean; result: string } }> {
    return this.#http.request({ method: 'DELETE', path: path`/connections/${id}` }, options);
  }

  /** The one connection that your ids mean. Name the same workspace and end user as when it was made. */
  resolve(params: ResolveParams, options?: RequestOptions): Promise<{ connection: Connection }> {
    return this.#http.request({ method: 'POST', path: '/connections/resolve', body: params, repeatable: true }, options);
  }

  /** The same for up to a hundred at once: answers in the order of the questions, and one that fails does not fail the others. */
  resolveBatch(input: { requests: ResolveParams[] }, options?: RequestOptions): Promise<{ results: ResolveResult[] }> {
    return this.#http.request({ method: 'POST', path: '/connections/resolve-batch', body: input, repeatable: true }, options);
  }

  /** Its secrets, refreshed first when they end soon. Needs a key that may read credentials. */
  credentials(id: string, options?: RequestOptions): Promise<{ credentials: Credentials; connection: Connection }> {
    return this.#http.request({ method: 'POST', path: path`/connections/${id}/credentials`, repeatable: true }, options);
  }

  /** A new access token now. Not needed in everyday use: `credentials` refreshes by itself. */
  refresh(id: string, options?: RequestOptions): Promise<{ connection: Connection }> {
    return this.#http.request({ method: 'POST', path: path`/connections/${id}/refresh`, repeatable: true }, options);
  }

  /** Asks the provider whether it works; `ok` is null where that could not be found out. */
  test(id: string, options?: RequestOptions): Promise<{ test: { ok: boolean | null; message: string }; connection: Connection }> {
    return this.#http.request({ method: 'POST', path: path`/connections/${id}/test`, repeatable: true }, options);
  }

  /** What happened to it, newest first. */
  events(id: string, params: PageParams = {}, options?: RequestOptions): Promise<Page & { events: ConnectionEvent[] }> {
    return this.#http.request({ method: 'GET', path: path`/connections/${id}/events`, query: { ...params } }, options);
  }
}
