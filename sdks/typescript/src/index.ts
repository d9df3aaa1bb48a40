export { KeyloomClient, KeyloomClient as WeavzClient } from './client.js';
export { ConnectError, popup, resume } from './browser.js';
export type { ConnectErrorCode, ConnectResult, PopupOptions, PopupSession, ResumeOptions } from './browser.js';
export {
  AuthenticationError, BadRequestError, ConflictError, KeyloomError, KeyloomError as WeavzError, NetworkError, NotFoundError,
  PermissionDeniedError, RateLimitError, ServerError, TimeoutError, ValidationError,
} from './errors.js';
export type { FieldError } from './errors.js';
export type { ClientOptions, RequestOptions } from './http.js';
export type { IterateParams, Page, PageParams } from './pagination.js';
export type { ExecuteParams, ExecuteResult } from './resources/actions.js';
export type { WaitOptions } from './resources/connect.js';
export type { ConnectionFilter, ConnectionList, CreateConnectionOptions, ResolveParams } from './resources/connections.js';
export type { EndUserList, NewEndUser, NewPortalToken } from './resources/end-users.js';
export type { EventFilter, EventList } from './resources/events.js';
export type { IntegrationFilter, IntegrationList } from './resources/integrations.js';
export type { NewOAuthApp, OAuthAppList } from './resources/oauth-apps.js';
export type { DeliveryList, NewWebhook, WebhookList, WebhookPatch } from './resources/webhooks.js';
export type { WorkspaceInput, WorkspaceIntegrationInput, WorkspaceList } from './resources/workspaces.js';
export { verifyWebhook, WebhookVerificationError } from './webhook.js';
export type { WebhookMessage } from './webhook.js';
export type * from './types.js';
