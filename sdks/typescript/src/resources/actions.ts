import type { RequestOptions, Transport } from '../http.js';

export interface ExecuteParams {
  input?: Record<string, unknown>;
  workspaceId?: string;
  endUserId?: string;
  connectionExternalId?: string;
  authMethodKey?: string;
  workspaceIntegrationId?: string;
  integrationAlias?: string;
  idempotencyKey?: string;
}

export interface ExecuteResult<T = unknown> {
  success: true;
  output: T;
  /** Milliseconds. */
  duration: number;
}

export class Actions {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** Calls the provider with the connection that the parameters mean. */
  execute<T = unknown>(integrationName: string, actionName: string, { input = {}, ...params }: ExecuteParams = {}, options?: RequestOptions): Promise<ExecuteResult<T>> {
    return this.#http.request({ method: 'POST', path: '/actions/execute', body: { integrationName, actionName, input, ...params } }, options);
  }
}
