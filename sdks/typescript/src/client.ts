import { type Call, type ClientOptions, type RequestOptions, Transport } from './http.js';
import { Actions } from './resources/actions.js';
import { ApiKeys } from './resources/api-keys.js';
import { Connect } from './resources/connect.js';
import { Connections } from './resources/connections.js';
import { EndUsers } from './resources/end-users.js';
import { Events } from './resources/events.js';
import { Integrations } from './resources/integrations.js';
import { OAuthApps } from './resources/oauth-apps.js';
import { Webhooks } from './resources/webhooks.js';
import { Workspaces } from './resources/workspaces.js';

/** `new KeyloomClient({ apiKey, baseUrl })` */
export class KeyloomClient {
  readonly baseUrl: string;
  readonly actions: Actions;
  readonly apiKeys: ApiKeys;
  readonly connect: Connect;
  readonly connections: Connections;
  readonly endUsers: EndUsers;
  readonly events: Events;
  readonly integrations: Integrations;
  readonly oauthApps: OAuthApps;
  readonly webhooks: Webhooks;
  readonly workspaces: Workspaces;
  readonly #http: Transport;

  constructor(options: ClientOptions) {
    const http = new Transport(options);
    this.#http = http;
    this.baseUrl = http.baseUrl;
    this.actions = new Actions(http);
    this.apiKeys = new ApiKeys(http);
    this.connect = new Connect(http);
    this.connections = new Connections(http);
    this.endUsers = new EndUsers(http);
    this.events = new Events(http);
    this.integrations = new Integrations(http);
    this.oauthApps = new OAuthApps(http);
    this.webhooks = new Webhooks(http);
    this.workspaces = new Workspaces(http);
  }

  /** Any call below `/api/v1`, for what has no method of its own here. */
  request<T = unknown>(method: Call['method'], path: string, { query, body, ...options }: RequestOptions & Pick<Call, 'query' | 'body'> = {}): Promise<T> {
    return this.#http.request({ method, path, query, body }, options);
  }
}
