// Checking what a webhook brought, as the Standard Webhooks specification says. No dependencies: Web Crypto is in Node and browsers.
import type { Account, Connection, WebhookEventType } from './types.js';

/** How far the sender's clock, or a message on its way, may be off. */
const TOLERANCE = 5 * 60;

/** A message's body. */
export interface WebhookMessage {
  /** The same for every repetition. */
  id: string;
  type: WebhookEventType | 'webhook.test';
  timestamp: string;
  data: {
    connection?: Connection;
    /** Of `connect.session.…`. */
    session?: Record<string, unknown>;
    /** Of `connection.account_changed`. */
    previousAccount?: Pick<Account, 'id' | 'label'>;
    [further: string]: unknown;
  };
}

/** What was sent is not from Keyloom, or too old. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/**
 * Checks a message and returns its body. `body` is the request's, as it came: parsing and writing it again changes what was signed.
 * During a rotation a message carries two signatures; with either secret it is taken.
 */
export async function verifyWebhook(body: string, headers: HeaderSource, secret: string): Promise<WebhookMessage> {
  const header = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    if (typeof value !== 'string' || value === '') throw new WebhookVerificationError(`the header ${name} is missing`);
    return value;
  };
  const [id, timestamp, signatures] = [header('webhook-id'), header('webhook-timestamp'), header('webhook-signature')];
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) throw new WebhookVerificationError('the message is too old, or from the future');
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const entry of signatures.split(' ')) {
    const [version, signature] = entry.split(',');
    if (version !== 'v1' || !signature || !/^[A-Za-z0-9+/]+=*$/.test(signature)) continue;
    // `verify` compares in constant time.
    if (await crypto.subtle.verify('HMAC', key, Uint8Array.from(atob(signature), (char) => char.charCodeAt(0)), signed)) return JSON.parse(body) as WebhookMessage;
  }
  throw new WebhookVerificationError('no signature fits');
}
