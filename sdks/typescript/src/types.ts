// What the API takes and answers. Times are RFC 3339 in UTC.

export type ConnectionType = 'OAUTH2' | 'PLATFORM_OAUTH2' | 'SECRET_TEXT' | 'BASIC_AUTH' | 'CUSTOM_AUTH';
export type ConnectionStatus = 'ACTIVE' | 'ERROR';
export type Health = 'ok' | 'degraded' | 'expiring' | 'expired' | 'revoked' | 'error';
export type Scope = 'ORGANIZATION' | 'WORKSPACE' | 'USER';
/** The platform's own OAuth app, or one of the workspace. */
export type OAuthAppMode = 'weavz_managed' | 'custom';
export type Metadata = Record<string, unknown>;
/** Values of an integration's fields. */
export type Props = Record<string, string | number | boolean>;

/** Whose account it is at the provider. */
export interface Account {
  id: string;
  label: string;
  email?: string;
  avatarUrl?: string;
  tenant?: string;
}

/** A stored credential without its secrets. */
export interface Connection {
  id: string;
  /** Yours. */
  externalId: string;
  displayName: string;
  integrationName: string;
  authMethodKey: string;
  type: ConnectionType;
  status: ConnectionStatus;
  health: Health;
  scope: Scope;
  workspaceId?: string;
  /** Your id of the end user. */
  endUserId?: string;
  oauthAppId?: string;
  account: Account | null;
  grantedScopes: string[];
  expiresAt?: string;
  lastRefreshedAt?: string;
  lastUsedAt?: string;
  error: { code: string; message: string; at: string } | null;
  metadata: Metadata;
  createdAt: string;
  updatedAt: string;
}

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
export type Credentials =
  | { type: 'SECRET_TEXT'; secretText: string; props: Record<string, string> }
  | { type: 'BASIC_AUTH'; username: string; password: string; props: Record<string, string> }
  | { type: 'CUSTOM_AUTH'; props: Record<string, string> }
  | { type: 'OAUTH2' | 'PLATFORM_OAUTH2'; accessToken: string; tokenType: string; expiresAt: string | null; scopes: string[]; props: Record<string, string> };

export interface ConnectionEvent {
  id: string;
  /** `connection.created`, `connection.refreshed`, `credentials.read`, … */
  type: string;
  /** `key:…`, `user:…`, `end_user:…`, `system`. */
  actor: string;
  connectionId: string | null;
  workspaceId: string | null;
  data: Record<string, unknown>;
  at: string;
}

/** What a hosted connect page is to do. */
export interface NewConnectToken {
  integrationName: string;
  connectionName: string;
  externalId: string;
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
  completion?: 'auto' | 'verified';
  /** Reconnect this one: it keeps its id. */
  connectionId?: string;
}

export interface ConnectToken {
  /** Opens the page and polls for its result. Safe to hand to the browser of the person it is for. */
  token: `cst_${string}`;
  sessionId: `cs_${string}`;
  connectUrl: string;
  expiresAt: string;
}

interface ConnectSessionBase {
  id: `cs_${string}`;
  connectionId: string | null;
  integrationName: string;
  externalId: string;
  authMethodKey: string | null;
  oauthAppMode: OAuthAppMode | null;
  oauthAppId: string | null;
  /** A reconnect signed in as another account than before. */
  accountChanged: boolean;
  expiresAt: string;
  createdAt: string;
  /** The shape that clients of the hosted product read. */
  session: { id: string; status: PublishedStatus; connectionId: string | null; error: string | null };
}

export type PublishedStatus = 'PENDING' | 'CONNECTING' | 'COMPLETED' | 'FAILED';

/** One run of the hosted connect page. After `failed` the person may try again while the session lives. */
export type ConnectSession = ConnectSessionBase &
  (
    | { status: 'pending' | 'connecting' | 'awaiting_confirmation'; connection: null; error: null; errorCode: null }
    | { status: 'completed'; connection: Connection; error: null; errorCode: null }
    | { status: 'failed' | 'expired' | 'cancelled'; connection: null; error: string | null; errorCode: string | null }
  );

/** What the holder of a connect token may know. */
export interface ConnectPoll {
  status: PublishedStatus;
  sessionStatus: ConnectSession['status'];
  connectionId: string | null;
  integrationName: string;
  workspaceIntegrationId: string | null;
  authMethodKey: string | null;
  oauthAppMode: OAuthAppMode | null;
  oauthAppId: string | null;
  externalId: string;
  sessionId: `cs_${string}`;
  error: string | null;
  errorCode: string | null;
  expiresAt: string;
}

export interface EndUser {
  id: string;
  workspaceId: string;
  /** Yours. */
  externalId: string;
  displayName: string | null;
  email: string | null;
  metadata: Metadata;
  connectionCount: number;
  type: 'external';
  createdAt: string;
  updatedAt: string;
}

export interface PortalToken {
  token: `eut_${string}`;
  connectUrl: string;
  expiresAt: string;
}

export interface Workspace {
  id: string;
  orgId: string;
  name: string;
  slug: string;
  allowedOrigins: string[];
  redirectUris: string[];
  logoUrl: string | null;
  accent: string | null;
  language: string | null;
  createdAt: string;
  updatedAt: string;
}

export type ConnectionStrategy = 'fixed' | 'per_user' | 'per_user_with_fallback';

/** An integration as one workspace uses it. */
export interface WorkspaceIntegration {
  id: string;
  workspaceId: string;
  integrationName: string;
  alias: string;
  connectionStrategy: ConnectionStrategy;
  authMethodKey: string | null;
  oauthAppMode: OAuthAppMode;
  oauthAppId: string | null;
  connectionId: string | null;
  displayName: string | null;
  enabledActions: string[] | null;
  settings: Record<string, unknown>;
  sortOrder: number;
  connectionStatus: ConnectionStatus | null;
  connectionDisplayName: string | null;
  createdAt: string;
  updatedAt: string;
}

/** One input of a method. */
export interface Field {
  name: string;
  label: string;
  type: 'text' | 'secret' | 'number' | 'boolean' | 'select' | 'host' | 'url';
  required: boolean;
  secret: boolean;
  placeholder: string | null;
  help: string | null;
  helpUrl?: string | null;
  pattern: string | null;
  patternError?: string | null;
  options: { value: string; label: string }[];
  default: string | null;
}

/** One way to connect. */
export interface AuthOption {
  key: string;
  type: ConnectionType;
  displayName: string;
  description: string | null;
  fields: Field[];
  oauth2?: { scopes: string[]; optionalScopes: string[]; appFields: Field[]; popupWidth: number; popupHeight: number };
}

export interface Integration {
  name: string;
  displayName: string;
  description: string;
  logoUrl: string | null;
  categories: string[];
  docsUrl: string;
  setupUrl: string | null;
  setupSteps: string[];
  /** The recommended method; null where nothing has to be authenticated. */
  auth: AuthOption | null;
  authOptions: AuthOption[];
  actions: Record<string, { displayName: string; description: string; inputSchema: Record<string, unknown>; requiredScopes: string[] }>;
  triggers: Record<string, unknown>;
}

/** A client registration at a provider, without its secret. */
export interface OAuthApp {
  id: string;
  integrationName: string;
  /** Null for the platform's. */
  workspaceId: string | null;
  clientId: string;
  hasClientSecret: boolean;
  scopes: string[] | null;
  config: Record<string, string>;
  /** To register at the provider. */
  callbackUrl: string;
  fromEnvironment: boolean;
  createdAt: string;
  updatedAt: string;
}

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

export interface ApiKey {
  id: string;
  orgId: string;
  name: string;
  keyPrefix: string;
  permissions: Permissions;
  lastUsedAt: string | null;
  expiresAt: string | null;
  createdAt: string;
}

export interface Deleted {
  deleted: true;
  id: string;
}
