import { path, type RequestOptions, type Transport } from '../http.js';
import { iterate, type IterateParams, type Page, type PageParams } from '../pagination.js';
import type { Deleted, DeliveryStatus, Webhook, WebhookDelivery, WebhookEventType } from '../types.js';

export interface NewWebhook {
  /** Where to post: https, without user name or fragment. */
  url: string;
  /** What to be told of; null or absent: everything. */
  events?: WebhookEventType[] | null;
  /** Only what happens there, id or slug. Without: everywhere. */
  workspaceId?: string;
}

export interface WebhookPatch {
  url?: string;
  /** Null: everything. */
  events?: WebhookEventType[] | null;
  enabled?: boolean;
}

export type WebhookList = Page & { webhooks: Webhook[] };
export type DeliveryList = Page & { deliveries: WebhookDelivery[] };

export class Webhooks {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** `secret` is in this answer only. */
  create(input: NewWebhook, options?: RequestOptions): Promise<{ webhook: Webhook; secret: string }> {
    return this.#http.request({ method: 'POST', path: '/webhooks', body: input }, options);
  }

  list(params: PageParams = {}, options?: RequestOptions): Promise<WebhookList> {
    return this.#http.request({ method: 'GET', path: '/webhooks', query: { ...params } }, options);
  }

  iterate({ limit }: IterateParams = {}, options?: RequestOptions): AsyncGenerator<Webhook, void, undefined> {
    return iterate((page, given) => this.list(page, given), (answer) => answer.webhooks, limit === undefined ? {} : { limit }, options);
  }

  get(id: string, options?: RequestOptions): Promise<{ webhook: Webhook }> {
    return this.#http.request({ method: 'GET', path: path`/webhooks/${id}` }, options);
  }

  update(id: string, patch: WebhookPatch, options?: RequestOptions): Promise<{ webhook: Webhook }> {
    return this.#http.request({ method: 'PATCH', path: path`/webhooks/${id}`, body: patch }, options);
  }

  delete(id: string, options?: RequestOptions): Promise<Deleted> {
    return this.#http.request({ method: 'DELETE', path: path`/webhooks/${id}` }, options);
  }

  /** For 24 hours the secret before signs too. `secret` is in this answer only. */
  rotateSecret(id: string, options?: RequestOptions): Promise<{ webhook: Webhook; secret: string }> {
    return this.#http.request({ method: 'POST', path: path`/webhooks/${id}/rotate-secret` }, options);
  }

  /** Sends a message of type `webhook.test` now, once; what became of it. */
  test(id: string, options?: RequestOptions): Promise<{ delivery: WebhookDelivery }> {
    return this.#http.request({ method: 'POST', path: path`/webhooks/${id}/test`, repeatable: true }, options);
  }

  /** What it was sent in the last 30 days, newest first. */
  deliveries(id: string, params: { status?: DeliveryStatus } & PageParams = {}, options?: RequestOptions): Promise<DeliveryList> {
    return this.#http.request({ method: 'GET', path: path`/webhooks/${id}/deliveries`, query: { ...params } }, options);
  }

  /** The same message again, with the same `webhook-id`. */
  replay(id: string, deliveryId: string, options?: RequestOptions): Promise<{ delivery: WebhookDelivery }> {
    return this.#http.request({ method: 'POST', path: path`/webhooks/${id}/deliveries/${deliveryId}/replay` }, options);
  }
}
