import { path, type RequestOptions, type Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type { ConnectionStrategy, Deleted, OAuthAppMode, Workspace, WorkspaceIntegration } from '../types.js';

export interface WorkspaceInput {
  name: string;
  /** Taken wherever the id is. */
  slug: string;
  /** Pages that may be told results. */
  allowedOrigins?: string[];
  /** Exact; an empty list allows any https address. */
  redirectUris?: string[];
  logoUrl?: string | null;
  /** `#rrggbb` */
  accent?: string | null;
  language?: string | null;
}

export interface WorkspaceIntegrationInput {
  alias?: string;
  connectionStrategy?: ConnectionStrategy;
  authMethodKey?: string | null;
  oauthAppMode?: OAuthAppMode;
  oauthAppId?: string | null;
  /** Needed for `fixed`. */
  connectionId?: string | null;
  displayName?: string | null;
  enabledActions?: string[] | null;
  settings?: Record<string, unknown>;
  sortOrder?: number;
}

export type WorkspaceList = Page & { workspaces: Workspace[] };

export class Workspaces {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  create(input: WorkspaceInput, options?: RequestOptions): Promise<{ workspace: Workspace }> {
    return this.#http.request({ method: 'POST', path: '/workspaces', body: input }, options);
  }

  list(params: PageParams = {}, options?: RequestOptions): Promise<WorkspaceList> {
    return this.#http.request({ method: 'GET', path: '/workspaces', query: { ...params } }, options);
  }

  iterate(params: IterateParams = {}, options?: RequestOptions): AsyncGenerator<Workspace, void, undefined> {
    return iterate((page, given) => this.list(page, given), (answer) => answer.workspaces, params, options);
  }

  /** By id or slug. */
  get(id: string, options?: RequestOptions): Promise<{ workspace: Workspace }> {
    return this.#http.request({ method: 'GET', path: path`/workspaces/${id}` }, options);
  }

  update(id: string, patch: Partial<WorkspaceInput>, options?: RequestOptions): Promise<{ workspace: Workspace }> {
    return this.#http.request({ method: 'PATCH', path: path`/workspaces/${id}`, body: patch }, options);
  }

  /** With `force` also where it still has connections. */
  delete(id: string, { force, ...options }: RequestOptions & { force?: boolean } = {}): Promise<Deleted> {
    return this.#http.request({ method: 'DELETE', path: path`/workspaces/${id}`, query: { force } }, options);
  }

  listIntegrations(workspaceId: string, options?: RequestOptions): Promise<{ integrations: WorkspaceIntegration[]; total: number }> {
    return this.#http.request({ method: 'GET', path: path`/workspaces/${workspaceId}/integrations` }, options);
  }

  addIntegration(
    workspaceId: string,
    input: WorkspaceIntegrationInput & { integrationName: string },
    options?: RequestOptions,
  ): Promise<{ integration: WorkspaceIntegration }> {
    return this.#http.request({ method: 'POST', path: path`/workspaces/${workspaceId}/integrations`, body: input }, options);
  }

  updateIntegration(workspaceId: string, id: string, patch: WorkspaceIntegrationInput, options?: RequestOptions): Promise<{ integration: WorkspaceIntegration }> {
    return this.#http.request({ method: 'PATCH', path: path`/workspaces/${workspaceId}/integrations/${id}`, body: patch }, options);
  }

  removeIntegration(workspaceId: string, id: string, options?: RequestOptions): Promise<Deleted> {
    return this.#http.request({ method: 'DELETE', path: path`/workspaces/${workspaceId}/integrations/${id}` }, options);
  }
}
