// What the API takes and answers. Times are RFC 3339 in UTC.
//
// Answers are the schemas of docs/openapi.json, narrower where they depend on a `status` or a `type`; what is given is written by hand,
// so that the compiler tells which fields belong together.
import type { components } from './generated/api.js';

type Schemas = components['schemas'];
/** `T`, with some of its fields described more closely. */
type Narrow<T, U> = Omit<T, keyof U> & U;

export type ConnectionType = Schemas['ConnectionType'];
export type ConnectionStatus = Schemas['Status'];
export type Health = Schemas['Health'];
export type Scope = Schemas['Scope'];
/** The platform's own OAuth app, or one of the workspace. */
export type OAuthAppMode = Schemas['OAuthAppMode'];
export type Metadata = Record<string, unknown>;
/** Values of an integration's fields. */
export type Props = Record<string, string | number | boolean>;

/** Whose account it is at the provider. */
export type Account = Schemas['Account'];

/** A stored credential without its secrets. */
export type Connection = Schemas['Connection'];

interface NewConnectionBase {
  integrationName: string;
  /** Yours: unique for the integration and method in its scope. */
  externalId: string;
  /** Default: the integration's name. */
  displayName?: string;
  /** Needed where the integration has several methods of that type. */
  authMethodKey?: string;
  /** Id or slug. */
  workspaceId?: string;
  /** Your id or ours; registered if unknown. */
  endUserId?: string;
  scope?: Scope;
  metadata?: Metadata;
  /** The integration's further fields. */
  props?: Props;
}

/** One answer of a batch: what `resolve` would have answered, or the error that it would have thrown. */
export type ResolveResult =
  | { connection: Connection; code?: never }
  | { connection?: never; error: string; code: string; details: Record<string, unknown>; suggestion?: string };

/** Credentials that you have already. */
export type NewConnection = NewConnectionBase &
  (
    | { type: 'SECRET_TEXT'; secretText: string }
    | { type: 'BASIC_AUTH'; username: string; password: string }
    | { type: 'CUSTOM_AUTH'; props: Props }
    | {
        type: 'OAUTH2' | 'PLATFORM_OAUTH2';
        accessToken: string;
        /** Needs an OAuth app to refresh with. */
        refreshToken?: string;
        tokenType?: string;
        expiresIn?: number;
        /** Granted scopes, separated by spaces. */
        scope_oauth?: string;
        data?: Record<string, unknown>;
        oauthAppId?: string;
      }
  );

/** Credentials in the clear. */
export type Credentials = Schemas['PlainCredentials'];

export type ConnectionEvent = Narrow<Schemas['Event'], { data: Record<string, unknown> }>;

/** What a hosted connect page is to do: make a connection, or connect one again that keeps its id, its external id and its history. */
export type NewConnectToken = ConnectTokenOptions &
  ({ integrationName: string; connectionName: string; externalId: string; connectionId?: string } | { connectionId: string; integrationName?: string; connectionName?: string });

/** How it is to be done. */
export interface ConnectTokenOptions {
  workspaceId?: string;
  endUserId?: string;
  scope?: Scope;
  authMethodKey?: string;
  workspaceIntegrationId?: string;
  oauthAppMode?: OAuthAppMode;
  oauthAppId?: string;
  scopes?: string[];
  /** Prefilled and locked. */
  props?: Props;
  successRedirectUri?: string;
  errorRedirectUri?: string;
  /** Which pages may be told the result, and may poll for it. */
  allowedOrigins?: string[];
  /** Seconds, 60 to 604 800; 30 minutes by default. */
  expiresIn?: number;
  language?: string;
  /** `verified`: nothing is exchanged before your backend has called `complete`. */
  completion?: 'auto' | 'verified';
}

export type ConnectToken = Narrow<Schemas['ConnectTokenAnswer'], { token: `cst_${string}`; sessionId: `cs_${string}` }>;

export type PublishedStatus = 'PENDING' | 'CONNECTING' | 'COMPLETED' | 'FAILED';

/** One run of the hosted connect page. After `failed` the person may try again while the session lives. */
export type ConnectSession = Omit<Schemas['SessionView'], 'id' | 'status' | 'connection' | 'error' | 'errorCode' | 'session'> & {
  id: `cs_${string}`;
  /** The shape that clients of the hosted product read. */
  session: Narrow<Schemas['PublishedSession'], { status: PublishedStatus }>;
} & (
    | { status: 'pending' | 'connecting' | 'awaiting_confirmation'; connection: null; error: null; errorCode: null }
    | { status: 'completed'; connection: Connection; error: null; errorCode: null }
    | { status: 'failed' | 'expired' | 'cancelled'; connection: null; error: string | null; errorCode: string | null }
  );

/** What the holder of a connect token may know. */
export type ConnectPoll = Narrow<Schemas['PollAnswer'], { status: PublishedStatus; sessionId: `cs_${string}` }>;

export type EndUser = Narrow<Schemas['EndUser'], { type: 'external' }>;

export type PortalToken = Narrow<Schemas['PortalTokenAnswer'], { token: `eut_${string}` }>;

export type Workspace = Schemas['Workspace'];

export type ConnectionStrategy = Schemas['ConnectionStrategy'];

/** An integration as one workspace uses it. */
export type WorkspaceIntegration = Schemas['WorkspaceIntegration'];

/** One input of a method. */
export type Field = Schemas['FieldView'];

/** One way to connect. */
export type AuthOption = Schemas['AuthOption'];

export type Integration = Narrow<
  Schemas['Integration'],
  { actions: Record<string, { displayName: string; description: string; inputSchema: Record<string, unknown>; requiredScopes: string[] }> }
>;

/** A client registration at a provider, without its secret. */
export type OAuthApp = Schemas['OAuthApp'];

/** Taken, refused, or the provider does not say. */
export type CheckResult = 'accepted' | 'refused' | 'unknown';

/** What a provider thinks of an OAuth app. */
export interface OAuthAppCheck {
  /** Null: not everything could be found out. */
  ok: boolean | null;
  /** Client id and secret. */
  client: CheckResult;
  redirectUri: CheckResult;
  /** Each with what it means and what to do. */
  checks: { name: string; result: CheckResult; message: string; suggestion: string | null }[];
}

export interface Permissions {
  scope?: 'org' | 'workspace';
  workspaceIds?: string[];
  credentials?: { read?: boolean };
  approvals?: Record<string, unknown>;
}

export type ApiKey = Schemas['ApiKey'];

/** What a webhook can be told of. */
export type WebhookEventType = Schemas['WebhookEvent'];

/** Where events are sent to, without its secret. */
export type Webhook = Schemas['Webhook'];

export type DeliveryStatus = Schemas['DeliveryStatus'];

/** One event sent to one webhook, and what became of it. */
export type WebhookDelivery = Schemas['WebhookDelivery'];

export interface Deleted {
  deleted: true;
  id: string;
}
