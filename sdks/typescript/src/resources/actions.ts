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
  /** What to change in `input` to get the next page; absent on the last page, and where an action has no pages. */
  next?: Record<string, unknown>;
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

  /** The outputs of a list action, page after page as they are needed. */
  async *pages<T = unknown>(
    integrationName: string,
    actionName: string,
    { input = {}, ...params }: Omit<ExecuteParams, 'idempotencyKey'> = {},
    options?: Omit<RequestOptions, 'idempotencyKey'>,
  ): AsyncGenerator<T, void, undefined> {
    let next: Record<string, unknown> | undefined = {};
    while (next) {
      input = { ...input, ...next };
      const page: ExecuteResult<T> = await this.execute<T>(integrationName, actionName, { ...params, input }, options);
      yield page.output;
      next = page.next;
    }
  }
}
