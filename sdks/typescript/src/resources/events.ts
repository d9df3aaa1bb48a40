import type { RequestOptions, Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type { ConnectionEvent } from '../types.js';

export interface EventFilter {
  /** `connection.created`, `credentials.read`, … */
  type?: string;
  connectionId?: string;
  workspaceId?: string;
  /** RFC 3339: from then on. */
  since?: string;
  /** RFC 3339: before that. */
  until?: string;
}

export type EventList = Page & { events: ConnectionEvent[] };

export class Events {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** The organisation's log, newest first. */
  list(params: EventFilter & PageParams = {}, options?: RequestOptions): Promise<EventList> {
    return this.#http.request({ method: 'GET', path: '/events', query: { ...params } }, options);
  }

  iterate({ limit, ...filter }: EventFilter & IterateParams = {}, options?: RequestOptions): AsyncGenerator<ConnectionEvent, void, undefined> {
    return iterate((page, given) => this.list({ ...filter, ...page }, given), (answer) => answer.events, limit === undefined ? {} : { limit }, options);
  }
}
