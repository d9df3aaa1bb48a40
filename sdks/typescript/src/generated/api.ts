// Generated from docs/openapi.json by scripts/generate-types.mjs. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The account at the provider, as its who-am-I call told. */
        Account: {
            /** @description Picture. */
            avatarUrl?: string;
            /** @description E-mail address. */
            email?: string;
            /** @description The provider's identifier. */
            id: string;
            /** @description What a person calls it. */
            label: string;
            /** @description The organisation, team or site. */
            tenant?: string;
        };
        /** @description Something that can be done with a connection. */
        ActionView: {
            /** @description One sentence. */
            description: string;
            /** @description What people call it. */
            displayName: string;
            /** @description JSON Schema (2020-12) of `input`. */
            inputSchema: {
                [key: string]: unknown;
            };
            /** @description What an OAuth connection must have been granted. */
            requiredScopes: string[];
        };
        /** @description Body of `POST /integrations/discover`. */
        Address: {
            /** @description Which one, where a resource names several authorization servers. Default: the first. */
            issuer?: string | null;
            /** @description Of an authorization server (its issuer), an MCP server or another API that says which authorization server it trusts. */
            url: string;
        };
        /** @description An API key. */
        ApiKey: {
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            expiresAt: components["schemas"]["Timestamp"] | null;
            /** @description `key_…` */
            id: components["schemas"]["ApiKeyId"];
            /** @description First eight characters of the key. */
            keyPrefix: string;
            lastUsedAt: components["schemas"]["Timestamp"] | null;
            /** @description What people call it. */
            name: string;
            /** @description Constant. */
            orgId: components["schemas"]["OrgId"];
            /** @description Exactly as given when it was made. */
            permissions: components["schemas"]["Permissions"];
        };
        /**
         * @description Id: An API key.
         * @example key_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        ApiKeyId: string;
        /** @description `{apiKeys, total}` */
        ApiKeyList: {
            /** @description Those that the asking key may manage. */
            apiKeys: components["schemas"]["ApiKey"][];
            /** @description How many. */
            total: number;
        };
        /** @description What a check of an app found out at the provider. */
        AppCheck: {
            /** @description Each with what it means and what to do. */
            checks: components["schemas"]["AppCheckItem"][];
            /** @description Client id and secret. */
            client: components["schemas"]["CheckResult"];
            /** @description True: everything is accepted; false: something is refused; null: not everything could be found out. */
            ok: boolean | null;
            /** @description The redirect URI (`callbackUrl`). */
            redirectUri: components["schemas"]["CheckResult"];
        };
        /** @description One thing that was checked. */
        AppCheckItem: {
            /** @description A sentence for a person. */
            message: string;
            /** @description `client`, `redirectUri`, `scopes`. */
            name: string;
            /** @description What the provider thinks of it. */
            result: components["schemas"]["CheckResult"];
            /** @description What to do, where there is something. */
            suggestion: string | null;
        };
        /** @description Body of `PATCH /oauth-apps/{id}`. */
        AppPatch: {
            /** @description New client id. */
            clientId?: string | null;
            /** @description New secret, or where it is kept. */
            clientSecret?: string | null;
            clientSecretExpiresAt?: components["schemas"]["Timestamp"] | null;
            /** @description New configuration, replacing the old. */
            config?: {
                [key: string]: unknown;
            } | null;
            /** @description New scopes. */
            scopes?: string[] | null;
        };
        /** @description What a provider has against an app. */
        AppProblem: {
            /** @description Since when. */
            at: components["schemas"]["Timestamp"];
            /** @description For machines: `invalid_client`. */
            code: string;
            /** @description For people. */
            message: string;
        };
        /** @description One way to connect. */
        AuthOption: {
            /** @description One sentence above the form. */
            description: string | null;
            /** @description Shown on the tab. */
            displayName: string;
            /** @description Inputs. */
            fields: components["schemas"]["FieldView"][];
            /** @description `oauth2`, `api-key` */
            key: string;
            /** @description OAUTH2 only. */
            oauth2?: components["schemas"]["OAuth2View"];
            /** @description Kind of credential. */
            type: components["schemas"]["ConnectionType"];
        };
        /** @description `{results}` */
        BatchAnswer: {
            /** @description In the order of the requests. */
            results: components["schemas"]["BatchResult"][];
        };
        /** @description An error in one place of several. `error.rs` writes it; this describes it. */
        BatchRefusal: {
            /** @description What went wrong, for machines. */
            code: components["schemas"]["Code"];
            /** @description Facts that depend on the code. */
            details: components["schemas"]["ErrorDetails"];
            /** @description One sentence for a person. */
            error: string;
            /** @description What to do next, where there is something. */
            suggestion?: string;
        };
        /** @description An item of `{results}`: what `resolve` would have answered. */
        BatchResult: components["schemas"]["ConnectionAnswer"] | components["schemas"]["BatchRefusal"];
        /** @description A service that was brought. */
        Brought: {
            /** @description What was found. */
            discovery: components["schemas"]["Discovery"];
            /** @description The integration that was made. */
            integration: components["schemas"]["Integration"];
            /** @description Its OAuth app. */
            oauthApp: components["schemas"]["OAuthApp"];
        };
        /** @description `{check}` */
        CheckAnswer: {
            check: components["schemas"]["AppCheck"];
        };
        /**
         * @description What a provider thinks of one part of an app.
         *
         *     - `accepted`: It takes it, and would refuse another.
         *     - `refused`: It refuses it.
         *     - `unknown`: It does not say.
         * @enum {string}
         */
        CheckResult: "accepted" | "refused" | "unknown";
        /** @description How a client registered itself. */
        ClientRegistration: {
            clientSecretExpiresAt: components["schemas"]["Timestamp"] | null;
            /** @description When it registered. */
            registeredAt: components["schemas"]["Timestamp"];
            /** @description How it authenticates. */
            tokenEndpointAuthMethod: components["schemas"]["TokenAuthMethod"];
        };
        /**
         * @description What went wrong, for machines.
         *
         *     - `VALIDATION_ERROR`: Something in the request is missing, unknown or malformed.
         *     - `WORKSPACE_REQUIRED`: The key can see several workspaces and the request names none.
         *     - `NO_OAUTH_APP`: The integration has no OAuth app that could be used.
         *     - `NOT_OAUTH2`: The connection is not of an OAuth type.
         *     - `REDIRECT_URI_NOT_ALLOWED`: The workspace does not allow this redirect URI.
         *     - `CREDENTIALS_REJECTED`: The provider refused the credentials.
         *     - `CONNECTION_REQUIRED`: The action needs a connection and there is none.
         *     - `SCOPE_MISSING`: The connection was granted fewer scopes than needed.
         *     - `ACTION_FAILED`: The provider refused the action.
         *     - `EGRESS_BLOCKED`: The address may not be called from here.
         *     - `UNAUTHORIZED`: No API key, or not a valid one.
         *     - `INVALID_TOKEN`: The connect or portal token is not known or no longer valid.
         *     - `MISSING_TOKEN`: A connect or portal token is needed.
         *     - `FORBIDDEN`: The caller's rights do not include this.
         *     - `SCOPE_DENIED`: It exists, but in another scope than the one asked in.
         *     - `NOT_FOUND`: There is no such thing.
         *     - `CONNECTION_NOT_FOUND`: There is no such connection.
         *     - `INTEGRATION_NOT_FOUND`: There is no such integration.
         *     - `END_USER_NOT_FOUND`: There is no such end user.
         *     - `ACTION_NOT_FOUND`: There is no such action.
         *     - `METHOD_NOT_ALLOWED`: The path exists, the method does not.
         *     - `DUPLICATE`: It exists already.
         *     - `SLUG_EXISTS`: Another workspace has that slug.
         *     - `NOT_EMPTY`: It still holds something.
         *     - `AMBIGUOUS_INTEGRATION`: Several connections fit equally well.
         *     - `IDEMPOTENCY_CONFLICT`: The idempotency key was used for another request, or the first is still running.
         *     - `SESSION_ALREADY_OPEN`: The connect page is open in another browser.
         *     - `CONNECTION_EXPIRED`: The connection's credentials have expired for good.
         *     - `SESSION_EXPIRED`: The connect session is over.
         *     - `PRECONDITION_FAILED`: It changed since it was read.
         *     - `PAYLOAD_TOO_LARGE`: The body is larger than 1 MiB.
         *     - `UNSUPPORTED_MEDIA_TYPE`: The body is not JSON.
         *     - `RATE_LIMITED`: Too many requests.
         *     - `INTERNAL_ERROR`: Something went wrong here.
         *     - `PROVIDER_ERROR`: The provider gave no usable answer.
         *     - `REFRESH_FAILED`: The provider gave no new access token.
         *     - `TOKEN_EXCHANGE_FAILED`: The provider gave no tokens for the authorization code.
         * @enum {string}
         */
        Code: "VALIDATION_ERROR" | "WORKSPACE_REQUIRED" | "NO_OAUTH_APP" | "NOT_OAUTH2" | "REDIRECT_URI_NOT_ALLOWED" | "CREDENTIALS_REJECTED" | "CONNECTION_REQUIRED" | "SCOPE_MISSING" | "ACTION_FAILED" | "EGRESS_BLOCKED" | "UNAUTHORIZED" | "INVALID_TOKEN" | "MISSING_TOKEN" | "FORBIDDEN" | "SCOPE_DENIED" | "NOT_FOUND" | "CONNECTION_NOT_FOUND" | "INTEGRATION_NOT_FOUND" | "END_USER_NOT_FOUND" | "ACTION_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "DUPLICATE" | "SLUG_EXISTS" | "NOT_EMPTY" | "AMBIGUOUS_INTEGRATION" | "IDEMPOTENCY_CONFLICT" | "SESSION_ALREADY_OPEN" | "CONNECTION_EXPIRED" | "SESSION_EXPIRED" | "PRECONDITION_FAILED" | "PAYLOAD_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "RATE_LIMITED" | "INTERNAL_ERROR" | "PROVIDER_ERROR" | "REFRESH_FAILED" | "TOKEN_EXCHANGE_FAILED";
        /**
         * @description How a session ends well.
         *
         *     - `auto`: With the provider's consent or the form.
         *     - `verified`: When the application has said, too, that it was the right person.
         * @enum {string}
         */
        Completion: "auto" | "verified";
        /** @description Body of `POST /connect/session/{id}/complete`. */
        Confirmation: {
            /** @description The `code` that their browser brought along: with it, it is the browser that connected, too. */
            code?: string | null;
            /** @description Who came back, as the application's own sign-in tells: its id for them, or ours. */
            endUserId: string;
        };
        /** @description A stored credential without its secrets. */
        Connection: {
            account: components["schemas"]["Account"] | null;
            /** @description Key of the method it was made with. */
            authMethodKey: string;
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description What people call it. */
            displayName: string;
            /** @description The customer's id of the end user. */
            endUserId?: string;
            error: components["schemas"]["ConnectionError"] | null;
            /** @description When the access token ends. */
            expiresAt?: components["schemas"]["Timestamp"];
            /** @description The customer's own identifier, unique per integration, method and scope. */
            externalId: string;
            /** @description What the provider granted. */
            grantedScopes: string[];
            /** @description How it is doing. */
            health: components["schemas"]["Health"];
            /** @description `conn_…` */
            id: components["schemas"]["ConnectionId"];
            /** @description Name of the integration. */
            integrationName: string;
            /** @description When it was last renewed. */
            lastRefreshedAt?: components["schemas"]["Timestamp"];
            /** @description When its credentials were last read or used, to the minute. */
            lastUsedAt?: components["schemas"]["Timestamp"];
            /** @description The customer's own data. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description The OAuth app it was made with. */
            oauthAppId?: components["schemas"]["OAuthAppId"];
            /** @description Who it belongs to. */
            scope: components["schemas"]["Scope"];
            /** @description Whether it can be used. */
            status: components["schemas"]["Status"];
            /** @description Kind of credential. */
            type: components["schemas"]["ConnectionType"];
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Workspace, unless the scope is the organisation. */
            workspaceId?: components["schemas"]["WorkspaceId"];
        };
        /** @description `{connection}` */
        ConnectionAnswer: {
            connection: components["schemas"]["Connection"];
        };
        /** @description Why a connection is not well. */
        ConnectionError: {
            /** @description Since when. */
            at: components["schemas"]["Timestamp"];
            /** @description For machines: `invalid_grant`, `provider_unavailable`. */
            code: string;
            /** @description For people. */
            message: string;
        };
        /**
         * @description Id: A stored credential.
         * @example conn_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        ConnectionId: string;
        /** @description `{connections, total, nextCursor}` */
        ConnectionList: {
            /** @description Newest first. */
            connections: components["schemas"]["Connection"][];
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are: exact unfiltered, exact to 10 000 when filtered.
             */
            total: number;
            /** @description True where there are more than `total`. */
            totalIsMinimum?: boolean;
        };
        /** @description Body of `PATCH /connections/{id}`. */
        ConnectionPatch: {
            /** @description New name. */
            displayName?: string | null;
            /** @description New data, replacing the old. */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description A list, or with `id` one connection. */
        ConnectionsAnswer: components["schemas"]["ConnectionList"] | components["schemas"]["ConnectionAnswer"];
        /**
         * @description Whose connection is used.
         *
         *     - `fixed`: Always the same one.
         *     - `per_user`: The end user's own.
         *     - `per_user_with_fallback`: The end user's own, else the named one.
         * @enum {string}
         */
        ConnectionStrategy: "fixed" | "per_user" | "per_user_with_fallback";
        /**
         * @description What kind of credential a connection holds.
         *
         *     - `OAUTH2`: Authorization code grant with the customer's own OAuth app, or imported tokens.
         *     - `PLATFORM_OAUTH2`: Authorization code grant with the operator's OAuth app.
         *     - `SECRET_TEXT`: One key or token.
         *     - `BASIC_AUTH`: User name and password.
         *     - `CUSTOM_AUTH`: Several fields.
         * @enum {string}
         */
        ConnectionType: "OAUTH2" | "PLATFORM_OAUTH2" | "SECRET_TEXT" | "BASIC_AUTH" | "CUSTOM_AUTH";
        /** @description `{token, sessionId, connectUrl, expiresAt}` */
        ConnectTokenAnswer: {
            /** @description Where to send the end user. */
            connectUrl: string;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description To ask for the result with your API key. */
            sessionId: components["schemas"]["SessionId"];
            /** @description `cst_…`: opens the page and polls. Shown this once. */
            token: string;
        };
        /** @description `{apiKey, plainKey}` */
        CreatedApiKey: {
            /** @description The key without its secret. */
            apiKey: components["schemas"]["ApiKey"];
            /** @description The key itself, `wvz_…`: shown this once. */
            plainKey: string;
        };
        /** @description The one answer of the product that holds credentials in the clear. */
        CredentialsAnswer: {
            connection: components["schemas"]["Connection"];
            credentials: components["schemas"]["PlainCredentials"];
        };
        /** @description Whether a key may read credentials. */
        CredentialsPermission: {
            /** @description False by default. */
            read?: boolean;
        };
        /** @description `{deleted: true, id}` */
        Deleted_ApiKeyId: {
            /** @description Always true. */
            deleted: boolean;
            /**
             * @description Id: An API key.
             * @example key_019ab3f27c5c7e0e9b1fd38d4f0a6b21
             */
            id: string;
        };
        /** @description `{deleted: true, id}` */
        Deleted_OAuthAppId: {
            /** @description Always true. */
            deleted: boolean;
            /**
             * @description Id: An OAuth app: client id and secret at one provider.
             * @example oap_019ab3f27c5c7e0e9b1fd38d4f0a6b21
             */
            id: string;
        };
        /** @description `{deleted: true, id}` */
        Deleted_String: {
            /** @description Always true. */
            deleted: boolean;
            id: string;
        };
        /** @description `{deleted: true, id}` */
        Deleted_WebhookId: {
            /** @description Always true. */
            deleted: boolean;
            /**
             * @description Id: Where events are sent to.
             * @example whk_019ab3f27c5c7e0e9b1fd38d4f0a6b21
             */
            id: string;
        };
        /** @description `{deleted: true, id}` */
        Deleted_WorkspaceId: {
            /** @description Always true. */
            deleted: boolean;
            /**
             * @description Id: A workspace.
             * @example ws_019ab3f27c5c7e0e9b1fd38d4f0a6b21
             */
            id: string;
        };
        /** @description `{deleted: true, id}` */
        Deleted_WorkspaceIntegrationId: {
            /** @description Always true. */
            deleted: boolean;
            /**
             * @description Id: An integration set up in a workspace.
             * @example wi_019ab3f27c5c7e0e9b1fd38d4f0a6b21
             */
            id: string;
        };
        /** @description `{deleted, id, revocation}` */
        DeletedConnection: {
            /** @description Always true. */
            deleted: boolean;
            /** @description What it was. */
            id: components["schemas"]["ConnectionId"];
            /** @description What happened at the provider. */
            revocation: components["schemas"]["RevocationReport"];
        };
        /** @description `{deleted, id, connectionsDeleted}` */
        DeletedEndUser: {
            /** @description How many connections went with them. */
            connectionsDeleted: number;
            /** @description Always true. */
            deleted: boolean;
            /** @description Who it was. */
            id: components["schemas"]["EndUserId"];
        };
        /** @description `{delivery}` */
        DeliveryAnswer: {
            delivery: components["schemas"]["WebhookDelivery"];
        };
        /**
         * @description Id: One event sent to one webhook.
         * @example whd_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        DeliveryId: string;
        /** @description `{deliveries, total, nextCursor}` */
        DeliveryList: {
            /** @description Newest first. */
            deliveries: components["schemas"]["WebhookDelivery"][];
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are, exact to 10 000.
             */
            total: number;
            /** @description True when there are more than `total`. */
            totalIsMinimum?: boolean;
        };
        /**
         * @description What became of a message.
         *
         *     - `pending`: It is sent now, or again later.
         *     - `delivered`: It was answered with a 2xx.
         *     - `failed`: It was not, and is not sent again by itself.
         * @enum {string}
         */
        DeliveryStatus: "pending" | "delivered" | "failed";
        /** @description What was found at an address. */
        Discovery: {
            /** @description How clients may authenticate at the token endpoint. */
            authMethods: string[];
            /** @description Where people are asked. */
            authorizationEndpoint: string;
            /** @description Whether it says who it is in its answers (RFC 9207). */
            issParameter: boolean;
            /** @description The authorization server, exactly as it calls itself. */
            issuer: string;
            /** @description All authorization servers that the resource names, this one among them; else this one alone. */
            issuers: string[];
            /** @description What the address is of. */
            kind: components["schemas"]["FoundKind"];
            /** @description Where the authorization server's metadata was found. */
            metadataUrl: string;
            /** @description Whether it says that it supports PKCE with S256 (RFC 7636). */
            pkce: boolean;
            /** @description Where clients register themselves (RFC 7591); null: somebody has to register one there. */
            registrationEndpoint: string | null;
            /** @description The resource, as it calls itself: tokens are asked for it alone (RFC 8707). */
            resource: string | null;
            /** @description Where tokens are revoked (RFC 7009). */
            revocationEndpoint: string | null;
            /** @description Scopes it offers, as far as it says. */
            scopes: string[];
            /** @description What people may call it. */
            suggestedDisplayName: string;
            /** @description A free name for the integration. */
            suggestedName: string;
            /** @description Those that are asked for where nobody says otherwise. */
            suggestedScopes: string[];
            /** @description Where tokens are given. */
            tokenEndpoint: string;
            /** @description Whose account it is (OpenID Connect). */
            userinfoEndpoint: string | null;
            /** @description What is not as it should be, and does not stop it. */
            warnings: components["schemas"]["DiscoveryWarning"][];
        };
        /** @description `{discovery}` */
        DiscoveryAnswer: {
            discovery: components["schemas"]["Discovery"];
        };
        /** @description Something to know before going on. */
        DiscoveryWarning: {
            /** @description For machines: `pkce_not_announced`, `endpoint_elsewhere`. */
            code: string;
            /** @description For people. */
            message: string;
        };
        /** @description An end user. */
        EndUser: {
            /**
             * Format: int64
             * @description How many connections are theirs.
             */
            connectionCount: number;
            /** @description When they were registered. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Shown on the hosted page. */
            displayName: string | null;
            /** @description For invitations. */
            email: string | null;
            /** @description The customer's identifier. */
            externalId: string;
            /** @description `eu_…` */
            id: components["schemas"]["EndUserId"];
            /** @description The customer's own data. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description Always `external`. */
            type: string;
            /** @description When they last changed. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Where they belong. */
            workspaceId: components["schemas"]["WorkspaceId"];
        };
        /** @description `{endUser}` */
        EndUserAnswer: {
            endUser: components["schemas"]["EndUser"];
        };
        /**
         * @description Id: A user of the customer's product.
         * @example eu_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        EndUserId: string;
        /** @description `{endUsers, total, nextCursor}` */
        EndUserList: {
            /** @description Newest first. */
            endUsers: components["schemas"]["EndUser"][];
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
        };
        /** @description Body of `PATCH /end-users/{id}`. */
        EndUserPatch: {
            /** @description New name; null clears it. */
            displayName?: string | null;
            /**
             * Format: email
             * @description New address; null clears it.
             */
            email?: string | null;
            /** @description New data, replacing the old. */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description `{endUser, connections}` */
        EndUserWithConnections: {
            /** @description Their own. */
            connections: components["schemas"]["Connection"][];
            endUser: components["schemas"]["EndUser"];
        };
        /** @description Every failure has this form. `error.rs` writes it; this describes it. */
        Error: {
            /** @description What went wrong, for machines. */
            code: components["schemas"]["Code"];
            /** @description Facts that depend on the code. */
            details: components["schemas"]["ErrorDetails"];
            /** @description One sentence for a person. */
            error: string;
            /** @description To find the request in the log. The same as the header `X-Request-Id`. */
            requestId: string;
            /** @description What to do next, where there is something. */
            suggestion?: string;
        };
        /**
         * @description Facts that depend on the code: `fields` with VALIDATION_ERROR, `existingId` with DUPLICATE, `candidates` with
         *     AMBIGUOUS_INTEGRATION, and others.
         */
        ErrorDetails: {
            /** @description Which fields are wrong, and why. */
            fields?: components["schemas"]["FieldError"][];
        } & {
            [key: string]: unknown;
        };
        /** @description An entry of the append-only log. */
        Event: {
            /** @description Who: `key:…`, `user:…`, `end_user:…`, `system`. */
            actor: string;
            /** @description When. */
            at: components["schemas"]["Timestamp"];
            /** @description Which connection, if it is about one. */
            connectionId: string | null;
            /** @description Facts without secrets. */
            data: unknown;
            /** @description `evt_…` */
            id: components["schemas"]["EventId"];
            /** @description `connection.created`, `connection.refreshed`, `credentials.read`, … */
            type: string;
            /** @description Which workspace. */
            workspaceId: string | null;
        };
        /**
         * @description Id: An entry of the event log.
         * @example evt_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        EventId: string;
        /** @description `{events, total, nextCursor}` */
        EventList: {
            /** @description Newest first. */
            events: components["schemas"]["Event"][];
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are; where filtered, exact to 10 000.
             */
            total: number;
            /** @description True when there are more than `total`. */
            totalIsMinimum?: boolean;
        };
        /** @description Body of `POST /actions/execute`. */
        Execute: {
            /** @description Which of the integration's actions. */
            actionName: string;
            /** @description Only connections made with this method. */
            authMethodKey?: string | null;
            /** @description Which connection, by the customer's identifier. */
            connectionExternalId?: string | null;
            /** @description Whose connection: end user, the customer's id or ours. */
            endUserId?: string | null;
            /** @description As the header `Idempotency-Key`. */
            idempotencyKey?: string | null;
            /** @description What the action takes: see `inputSchema` of the integration's `actions`. */
            input?: {
                [key: string]: unknown;
            } | null;
            /** @description The integration as the workspace has set it up, by alias. */
            integrationAlias?: string | null;
            /** @description Integration. May be left out where a workspace integration is named. */
            integrationName?: string | null;
            /**
             * @deprecated
             * @description Accepted and ignored, for the published clients.
             */
            partialIds?: unknown;
            /** @description Workspace, id or slug. */
            workspaceId?: string | null;
            workspaceIntegrationId?: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /** @description What an action did. */
        Executed: {
            /**
             * Format: int64
             * @description Milliseconds.
             */
            duration: number;
            /** @description What to change in `input` to get the next page; absent on the last page, and where an action has no pages. */
            next?: {
                [key: string]: unknown;
            };
            /** @description What the service answered, or the part of it that the action is about. */
            output: unknown;
            /** @description Always true. */
            success: boolean;
        };
        /** @description What a field of a request should have been. */
        FieldError: {
            /** @description `REQUIRED`, `INVALID`, `UNKNOWN`, `TOO_LONG`, `OUT_OF_RANGE`. */
            code: string;
            /** @description A sentence for a person. */
            message: string;
            /** @description Where: `props.base_url`. */
            path: string;
        };
        /** @description One input. */
        FieldView: {
            /** @description Used when left empty. */
            default: string | null;
            /** @description Where to find it. */
            help: string | null;
            /** @description A page about it. */
            helpUrl: string | null;
            /** @description Shown beside it. */
            label: string;
            /** @description Name in `props`. */
            name: string;
            /** @description Choices of a select. */
            options: components["schemas"]["OptionView"][];
            /** @description Regular expression for the whole value. */
            pattern: string | null;
            /** @description What to say when it does not match. */
            patternError: string | null;
            /** @description An example. */
            placeholder: string | null;
            /** @description Must be filled in. */
            required: boolean;
            /** @description Hidden while typing and encrypted at rest. */
            secret: boolean;
            /** @description text, secret, number, boolean, select, host, url */
            type: string;
        };
        /**
         * @description What an address turned out to be.
         *
         *     - `issuer`: An authorization server (RFC 8414, OpenID Connect Discovery).
         *     - `resource`: A resource that names its authorization servers (RFC 9728): an MCP server, an API.
         * @enum {string}
         */
        FoundKind: "issuer" | "resource";
        /**
         * @description How a connection is doing, computed from stored facts.
         *
         *     - `ok`: Nothing known against it.
         *     - `degraded`: The last refresh or test failed for a reason that may pass, or scopes are missing.
         *     - `expiring`: Its access ends within a week and cannot be renewed by itself.
         *     - `expired`: Its access has ended.
         *     - `revoked`: The account's owner or the provider withdrew the grant.
         *     - `error`: It is broken for another reason.
         * @enum {string}
         */
        Health: "ok" | "degraded" | "expiring" | "expired" | "revoked" | "error";
        /** @description One service that accounts can be connected to. */
        Integration: {
            /** @description Actions by name. `custom_api_call` is there wherever there is an HTTP API. */
            actions: {
                [key: string]: components["schemas"]["ActionView"];
            };
            auth: components["schemas"]["AuthOption"] | null;
            /** @description All methods. */
            authOptions: components["schemas"]["AuthOption"][];
            /** @description Main one first. */
            categories: string[];
            /** @description One sentence. */
            description: string;
            /** @description `Slack` */
            displayName: string;
            /** @description The provider's documentation. */
            docsUrl: string;
            /** @description Absolute URL of the logo. */
            logoUrl: string | null;
            /** @description `slack` */
            name: string;
            /** @description What to do there. */
            setupSteps: string[];
            /** @description Where an OAuth app or a key is made. */
            setupUrl: string | null;
            /** @description Always empty: triggers are out of scope. */
            triggers: {
                [key: string]: unknown;
            };
        };
        /** @description `{integration}` */
        IntegrationAnswer: {
            integration: components["schemas"]["Integration"];
        };
        /** @description Body of `POST` and `PUT /integrations/{name}`. The format of the catalogue's files as JSON, hence its members' spelling. */
        IntegrationDefinition: {
            /** @description How its API is reached: `base_url`, `headers`, `query`, `allowed_hosts`. */
            api?: Record<string, unknown> | null;
            /** @description The ways to connect, the recommended one first: `key`, `type`, `label`, `fields`, `oauth2`, `choose`, `placement`, `identity`, `test`. */
            auth?: Record<string, unknown>[];
            /** @description From the catalogue's own list, the main one first. */
            categories: string[];
            /** @description The day it was last compared with that, `YYYY-MM-DD`. */
            checked_at?: string | null;
            /** @description One sentence. */
            description: string;
            /** @description What people call it. */
            display_name: string;
            /** @description The provider's documentation. */
            docs_url: string;
            /** @description Name of a logo. */
            icon?: string | null;
            /** @description Left out, or what the path says. */
            name?: string | null;
            /** @description What to do there, a sentence a step. */
            setup_steps?: string[];
            /** @description Where an OAuth app or a key is to be had. */
            setup_url?: string | null;
        };
        /** @description Body of `POST` and `PATCH /workspaces/{id}/integrations`. */
        IntegrationInput: {
            /** @description Default: the integration's name. */
            alias?: string | null;
            /** @description Method; null means any. */
            authMethodKey?: string | null;
            connectionId?: components["schemas"]["ConnectionId"] | null;
            connectionStrategy?: components["schemas"]["ConnectionStrategy"] | null;
            /** @description Shown to end users. */
            displayName?: string | null;
            /** @description Null means all. */
            enabledActions?: string[] | null;
            /** @description Which service; only when it is made. */
            integrationName?: string | null;
            oauthAppId?: components["schemas"]["OAuthAppId"] | null;
            oauthAppMode?: components["schemas"]["OAuthAppMode"] | null;
            /**
             * @deprecated
             * @description Accepted and ignored, for the published clients.
             */
            partialIds?: unknown;
            /** @description The customer's own settings. */
            settings?: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: int64
             * @description Small first.
             */
            sortOrder?: number | null;
        };
        /** @description `{integrations, total, registered, nextCursor}` */
        IntegrationList: {
            /** @description In order of name. */
            integrations: components["schemas"]["Integration"][];
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /** @description The names of all that fit. */
            registered: string[];
            /** @description How many fit. */
            total: number;
        };
        /** @description A list, or with `name` one integration. */
        IntegrationsAnswer: components["schemas"]["IntegrationList"] | components["schemas"]["IntegrationAnswer"];
        /** @description Body of `POST /end-users/{id}/invite`. */
        Invitation: {
            /**
             * Format: email
             * @description Where to send the link; kept as the end user's address.
             */
            email: string;
            /**
             * Format: int64
             * @description Seconds, 300 to 2592000.
             */
            expiresIn?: number | null;
            /** @description Open straight on this integration. */
            integrationName?: string | null;
            /** @description End the tokens handed out before. */
            revokeOthers?: boolean | null;
            workspaceIntegrationId?: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /** @description `{token, connectUrl, expiresAt, emailSent}` */
        InvitationAnswer: {
            /** @description Where to send the end user. */
            connectUrl: string;
            /** @description False where no mail is set up or it could not be sent: give them the link yourself. */
            emailSent: boolean;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description `eut_…`, shown this once. */
            token: string;
        };
        /** @description Body of `POST /api-keys`. */
        NewApiKey: {
            expiresAt?: components["schemas"]["Timestamp"] | null;
            /** @description What people call it. */
            name: string;
            permissions?: components["schemas"]["Permissions"] | null;
        };
        /** @description Body of `POST /oauth-apps`. */
        NewApp: {
            /** @description RFC 6749 `client_id`. */
            clientId: string;
            /**
             * @description RFC 6749 `client_secret`; none for public clients. Or where it is kept, `env:NAME` or `file:/path`, which the operator must
             *     have allowed (`KEYLOOM_SECRET_REFS`; organisation keys only).
             */
            clientSecret?: string | null;
            clientSecretExpiresAt?: components["schemas"]["Timestamp"] | null;
            /** @description What the definition asks of an app. */
            config?: {
                [key: string]: unknown;
            } | null;
            /** @description Integration. */
            integrationName: string;
            /** @description Instead of the definition's scopes. */
            scopes?: string[] | null;
            /** @description Workspace, id or slug; none for the platform's app. */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /connections`. */
        NewConnection: {
            /** @description OAUTH2 import. */
            accessToken?: string | null;
            /** @description Needed where several methods have that type. */
            authMethodKey?: string | null;
            /** @description OAUTH2 import: captured values (`instanceUrl`). */
            data?: {
                [key: string]: unknown;
            } | null;
            /** @description Default: the integration's name. */
            displayName?: string | null;
            /** @description End user, the customer's id or ours; registered if unknown. */
            endUserId?: string | null;
            /**
             * Format: int64
             * @description OAUTH2 import: seconds.
             */
            expiresIn?: number | null;
            /** @description The customer's identifier. */
            externalId: string;
            /** @description Integration. */
            integrationName: string;
            /** @description The customer's data. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            oauthAppId?: components["schemas"]["OAuthAppId"] | null;
            /**
             * @deprecated
             * @description Accepted and ignored, for the published clients.
             */
            partialIds?: unknown;
            /** @description BASIC_AUTH. */
            password?: string | null;
            /** @description Fields. */
            props?: {
                [key: string]: unknown;
            } | null;
            /** @description OAUTH2 import. */
            refreshToken?: string | null;
            scope?: components["schemas"]["Scope"] | null;
            /** @description OAUTH2 import: granted scopes, separated by spaces. */
            scope_oauth?: string | null;
            /** @description SECRET_TEXT. */
            secretText?: string | null;
            /** @description OAUTH2 import. */
            tokenType?: string | null;
            /** @description Kind of credential. */
            type: components["schemas"]["ConnectionType"];
            /** @description BASIC_AUTH. */
            username?: string | null;
            /** @description Workspace, id or slug. */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /end-users`. */
        NewEndUser: {
            /** @description Shown on the hosted page. */
            displayName?: string | null;
            /**
             * Format: email
             * @description For invitations.
             */
            email?: string | null;
            /** @description The customer's identifier. */
            externalId: string;
            /** @description The customer's data. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /** @description Workspace, id or slug. */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /end-users/{id}/connect-token`. */
        NewPortalToken: {
            /**
             * Format: int64
             * @description Seconds, 300 to 2592000.
             * @default 3600
             */
            expiresIn: number | null;
            /** @description Open straight on this integration. */
            integrationName?: string | null;
            /** @description End the tokens handed out before. */
            revokeOthers?: boolean | null;
            workspaceIntegrationId?: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /** @description Body of `POST /integrations/from-url`. */
        NewService: {
            /** @description RFC 6749 `client_id` of a client that was registered there by hand. Needed where the server registers none by itself. */
            clientId?: string | null;
            /** @description RFC 6749 `client_secret` of that client; none for public clients. */
            clientSecret?: string | null;
            /** @description What people call it. Default: as it calls itself, else the host. */
            displayName?: string | null;
            /** @description Which one, where a resource names several authorization servers. Default: the first. */
            issuer?: string | null;
            /** @description The integration's name. Default: after the host. */
            name?: string | null;
            /** @description What to ask for. Default: what was suggested. */
            scopes?: string[] | null;
            /** @description Of an authorization server (its issuer), an MCP server or another API that says which authorization server it trusts. */
            url: string;
            /** @description Workspace that the OAuth app belongs to, id or slug; none for the platform's app, which serves all workspaces. */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /connect/token`. */
        NewSession: {
            /** @description Origins that may be signalled to. */
            allowedOrigins?: string[] | null;
            /** @description Method; default: the OAuth one if there is one, else the end user chooses. */
            authMethodKey?: string | null;
            completion?: components["schemas"]["Completion"] | null;
            connectionId?: components["schemas"]["ConnectionId"] | null;
            /** @description Name of the connection to make. */
            connectionName?: string | null;
            /** @description End user, the customer's id or ours; registered if unknown. */
            endUserId?: string | null;
            /**
             * Format: uri
             * @description Where to go on failure.
             */
            errorRedirectUri?: string | null;
            /**
             * Format: int64
             * @description Seconds, 60 to 604800.
             * @default 1800
             */
            expiresIn: number | null;
            /** @description External id of the connection to make. */
            externalId?: string | null;
            /** @description Integration. */
            integrationName?: string | null;
            /** @description Language of the page. */
            language?: string | null;
            oauthAppId?: components["schemas"]["OAuthAppId"] | null;
            oauthAppMode?: components["schemas"]["OAuthAppMode"] | null;
            /**
             * @deprecated
             * @description Accepted and ignored, for the published clients.
             */
            partialIds?: unknown;
            /** @description Prefilled, locked fields. */
            props?: {
                [key: string]: unknown;
            } | null;
            scope?: components["schemas"]["Scope"] | null;
            /** @description Scopes to ask for. */
            scopes?: string[] | null;
            /**
             * Format: uri
             * @description Where to go afterwards.
             */
            successRedirectUri?: string | null;
            /** @description Workspace, id or slug. */
            workspaceId?: string | null;
            workspaceIntegrationId?: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /** @description Body of `POST /webhooks`. */
        NewWebhook: {
            /** @description What to be told of; null or absent: everything. */
            events?: components["schemas"]["WebhookEvent"][] | null;
            /**
             * Format: uri
             * @description Where to post: https (http where the operator's egress settings list the host), without user name or fragment.
             */
            url: string;
            /** @description Only what happens in this workspace, id or slug. Without: everywhere (organisation keys only). */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /workspaces`. */
        NewWorkspace: {
            /** @description Accent colour; null clears it. */
            accent?: string | null;
            /** @description Origins that the hosted page may signal to. */
            allowedOrigins?: string[] | null;
            /** @description Language of the hosted page; null clears it. */
            language?: string | null;
            /**
             * Format: uri
             * @description Logo of the hosted page; null clears it.
             */
            logoUrl?: string | null;
            /** @description Shown to end users as the one who asks. */
            name?: string | null;
            /** @description Exact redirect URIs. */
            redirectUris?: string[] | null;
            /** @description Taken wherever the id is. */
            slug?: string | null;
        };
        /** @description No parameters at all. */
        Nothing: Record<string, unknown>;
        /** @description What a client needs to know about an authorization code grant. */
        OAuth2View: {
            /** @description What an OAuth app needs beyond id and secret. */
            appFields: components["schemas"]["FieldView"][];
            /** @description Others on offer. */
            optionalScopes: string[];
            /**
             * Format: int32
             * @description Popup size in CSS pixels.
             */
            popupHeight: number;
            /**
             * Format: int32
             * @description Popup size in CSS pixels.
             */
            popupWidth: number;
            /** @description Asked for by default. */
            scopes: string[];
        };
        /** @description A client registration at one provider. */
        OAuthApp: {
            /** @description What to register at the provider as redirect URI. */
            callbackUrl: string;
            /** @description RFC 6749 `client_id`. */
            clientId: string;
            clientSecretExpiresAt: components["schemas"]["Timestamp"] | null;
            /** @description Where the secret is kept, if not here: `env:NAME` or `file:/path`, read at each use. */
            clientSecretRef: string | null;
            clientSecretStatus: components["schemas"]["SecretStatus"] | null;
            /** @description What the definition asks of an app beyond id and secret. */
            config: {
                [key: string]: string;
            };
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description True when it comes from the environment and can only be changed there. */
            fromEnvironment: boolean;
            /** @description Whether it has a secret (which is never shown). */
            hasClientSecret: boolean;
            /** @description `oap_…` */
            id: components["schemas"]["OAuthAppId"];
            /** @description Which integration it is for. */
            integrationName: string;
            problem: components["schemas"]["AppProblem"] | null;
            registration: components["schemas"]["ClientRegistration"] | null;
            /** @description Asked for instead of the definition's scopes. */
            scopes: string[] | null;
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
            workspaceId: components["schemas"]["WorkspaceId"] | null;
        };
        /** @description `{oauthApp}` */
        OAuthAppAnswer: {
            oauthApp: components["schemas"]["OAuthApp"];
        };
        /**
         * @description Id: An OAuth app: client id and secret at one provider.
         * @example oap_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        OAuthAppId: string;
        /** @description `{oauthApps, total, nextCursor}` */
        OAuthAppList: {
            nextCursor: components["schemas"]["OAuthAppId"] | null;
            /** @description Newest first. */
            oauthApps: components["schemas"]["OAuthApp"][];
            /** @description How many there are. */
            total: number;
        };
        /**
         * @description Whose OAuth app is used. The wire names are those of the published contract.
         *
         *     - `weavz_managed`: The platform's.
         *     - `custom`: The workspace's.
         * @enum {string}
         */
        OAuthAppMode: "weavz_managed" | "custom";
        /** @description `{configured}` */
        OAuthStatus: {
            /** @description Names of the integrations with an OAuth app that the key could use. */
            configured: string[];
        };
        /** @description One choice. */
        OptionView: {
            /** @description Shown. */
            label: string;
            /** @description Stored. */
            value: string;
        };
        /**
         * @description Id: The one organisation of an installation.
         * @example org_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        OrgId: string;
        /** @description What a key may do. Kept and answered as it was given, so it is only described here. */
        Permissions: {
            /** @description Kept and answered; means nothing here. */
            approvals?: unknown;
            /** @description Reading credentials in the clear. */
            credentials?: components["schemas"]["CredentialsPermission"];
            /** @description `org` (default): everything. `workspace`: only `workspaceIds`. */
            scope?: string;
            /** @description The workspaces, by id; goes with scope `workspace`. */
            workspaceIds?: components["schemas"]["WorkspaceId"][];
        };
        /** @description Credentials in the clear, by type. `props` holds the further fields. */
        PlainCredentials: {
            /** @description Further fields. */
            props: {
                [key: string]: string;
            };
            /** @description The key. */
            secretText: string;
            /** @enum {string} */
            type: "SECRET_TEXT";
        } | {
            /** @description Password. */
            password: string;
            /** @description Further fields. */
            props: {
                [key: string]: string;
            };
            /** @enum {string} */
            type: "BASIC_AUTH";
            /** @description User name. */
            username: string;
        } | {
            /** @description All fields. */
            props: {
                [key: string]: string;
            };
            /** @enum {string} */
            type: "CUSTOM_AUTH";
        } | {
            /** @description For the service's API. */
            accessToken: string;
            expiresAt: components["schemas"]["Timestamp"] | null;
            /** @description Further values, such as the account's own host. */
            props: {
                [key: string]: string;
            };
            /** @description What was granted. */
            scopes: string[];
            /** @description Goes before it: `Bearer`. */
            tokenType: string;
            /** @enum {string} */
            type: "OAUTH2";
        } | {
            /** @description For the service's API. */
            accessToken: string;
            expiresAt: components["schemas"]["Timestamp"] | null;
            /** @description Further values, such as the account's own host. */
            props: {
                [key: string]: string;
            };
            /** @description What was granted. */
            scopes: string[];
            /** @description Goes before it: `Bearer`. */
            tokenType: string;
            /** @enum {string} */
            type: "PLATFORM_OAUTH2";
        };
        /** @description What a poll tells. */
        PollAnswer: {
            /** @description Key of the method; null while the end user has not chosen. */
            authMethodKey: string | null;
            connectionId: components["schemas"]["ConnectionId"] | null;
            /** @description Why it failed, for people. */
            error: string | null;
            /** @description Why it failed, for machines. */
            errorCode: string | null;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description External id the connection gets. */
            externalId: string;
            /** @description Name of the integration. */
            integrationName: string;
            oauthAppId: components["schemas"]["OAuthAppId"] | null;
            oauthAppMode: components["schemas"]["OAuthAppMode"] | null;
            /** @description `cs_…` */
            sessionId: components["schemas"]["SessionId"];
            /** @description Where the session is, in full. */
            sessionStatus: components["schemas"]["SessionStatus"];
            /** @description The four upper-case states that the published clients know. */
            status: string;
            workspaceIntegrationId: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /** @description Body of a poll. */
        PollBody: {
            /** @description `cst_…` */
            token: string;
        };
        /** @description `{token, connectUrl, expiresAt}` */
        PortalTokenAnswer: {
            /** @description Where to send the end user. */
            connectUrl: string;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description `eut_…`, shown this once. */
            token: string;
        };
        /** @description The nested, upper-case shape. */
        PublishedSession: {
            connectionId: components["schemas"]["ConnectionId"] | null;
            /** @description Why it failed. */
            error: string | null;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description External id the connection gets. */
            externalId: string;
            /** @description `cs_…` */
            id: components["schemas"]["SessionId"];
            /** @description Name of the integration. */
            integrationName: string;
            /** @description PENDING, CONNECTING, COMPLETED or FAILED. */
            status: string;
        };
        /** @description Body of `POST /connections/resolve`. */
        Resolve: {
            /** @description Method. */
            authMethodKey?: string | null;
            /** @description End user, the customer's id or ours. */
            endUserId?: string | null;
            /** @description The customer's identifier. */
            externalId?: string | null;
            /** @description Integration. */
            integrationName: string;
            /** @description Workspace, id or slug. */
            workspaceId?: string | null;
        };
        /** @description Body of `POST /connections/resolve-batch`. */
        ResolveBatch: {
            /** @description One to a hundred. */
            requests: components["schemas"]["Resolve"][];
        };
        /** @description What a delete did at the provider. */
        RevocationReport: {
            /** @description Whether the provider was asked. */
            attempted: boolean;
            /** @description `revoked`, `unsupported`, `failed: …` (it is tried again by itself), `shared` (another connection stands on the same grant), `not_applicable`. */
            result: string;
        };
        /**
         * @description Who a connection belongs to.
         *
         *     - `ORGANIZATION`: The whole installation.
         *     - `WORKSPACE`: One workspace.
         *     - `USER`: One end user of a workspace.
         * @enum {string}
         */
        Scope: "ORGANIZATION" | "WORKSPACE" | "USER";
        /**
         * @description How near the end of a client secret is.
         *
         *     - `ok`: More than 30 days.
         *     - `expiring`: 30 days or less.
         *     - `expired`: It has passed.
         * @enum {string}
         */
        SecretStatus: "ok" | "expiring" | "expired";
        /**
         * @description Id: One run of the hosted connect page.
         * @example cs_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        SessionId: string;
        /**
         * @description Where a session is.
         *
         *     - `pending`: Nobody has acted yet.
         *     - `connecting`: The end user is at the provider.
         *     - `awaiting_confirmation`: The provider agreed; the customer's backend has to confirm (`verified`).
         *     - `completed`: A connection exists.
         *     - `failed`: The last attempt failed. Another may follow while the session lives.
         *     - `expired`: Its time ran out.
         *     - `cancelled`: The end user said no.
         * @enum {string}
         */
        SessionStatus: "pending" | "connecting" | "awaiting_confirmation" | "completed" | "failed" | "expired" | "cancelled";
        /** @description Answer of `GET /connect/session/{id}`. */
        SessionView: {
            /** @description True when a reconnect signed in as another account than before. */
            accountChanged: boolean;
            /** @description Key of the method; none while the end user has not chosen. */
            authMethodKey: string | null;
            connection: components["schemas"]["Connection"] | null;
            connectionId: components["schemas"]["ConnectionId"] | null;
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Why it failed, for people. */
            error: string | null;
            /** @description Why it failed, for machines. */
            errorCode: string | null;
            /** @description When it ends. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description External id the connection gets. */
            externalId: string;
            /** @description `cs_…` */
            id: components["schemas"]["SessionId"];
            /** @description Name of the integration. */
            integrationName: string;
            oauthAppId: components["schemas"]["OAuthAppId"] | null;
            oauthAppMode: components["schemas"]["OAuthAppMode"] | null;
            /** @description The shape that the published clients read. */
            session: components["schemas"]["PublishedSession"];
            /** @description Where it is. */
            status: components["schemas"]["SessionStatus"];
            workspaceIntegrationId: components["schemas"]["WorkspaceIntegrationId"] | null;
        };
        /**
         * @description Whether a connection can be used.
         *
         *     - `ACTIVE`: As far as is known it works.
         *     - `ERROR`: It does not, and only a person can mend it.
         * @enum {string}
         */
        Status: "ACTIVE" | "ERROR";
        /** @description `{test, connection}` */
        TestAnswer: {
            connection: components["schemas"]["Connection"];
            test: components["schemas"]["TestReport"];
        };
        /** @description What a live test found. */
        TestReport: {
            /** @description A sentence for a person. */
            message: string;
            /** @description True: works; false: refused; null: could not be found out. */
            ok: boolean | null;
        };
        /**
         * Format: date-time
         * @description RFC 3339. Answers are in UTC, with milliseconds and `Z`.
         * @example 2026-11-24T09:30:00.000Z
         */
        Timestamp: string;
        /**
         * @description How a client authenticates at the token endpoint (RFC 7591 §2).
         *
         *     - `none`: Not at all: a public client, which PKCE protects.
         *     - `client_secret_basic`: Id and secret in the `Authorization` header.
         *     - `client_secret_post`: Id and secret in the body.
         * @enum {string}
         */
        TokenAuthMethod: "none" | "client_secret_basic" | "client_secret_post";
        /** @description A webhook without its secret. */
        Webhook: {
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Why it is not, where that was not asked for. */
            disabledReason: string | null;
            /** @description Whether it is sent anything. */
            enabled: boolean;
            /** @description What it is told of; null means everything. */
            events: components["schemas"]["WebhookEvent"][] | null;
            /** @description `whk_…` */
            id: components["schemas"]["WebhookId"];
            previousSecretExpiresAt: components["schemas"]["Timestamp"] | null;
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Where messages are posted to. */
            url: string;
            workspaceId: components["schemas"]["WorkspaceId"] | null;
        };
        /** @description `{webhook}` */
        WebhookAnswer: {
            webhook: components["schemas"]["Webhook"];
        };
        /** @description One event sent to one webhook. */
        WebhookDelivery: {
            /**
             * Format: int64
             * @description How often it was sent.
             */
            attempts: number;
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Why the last attempt failed. */
            error: string | null;
            /** @description Which event: the message's `webhook-id`, by which receivers tell repetitions. */
            eventId: components["schemas"]["EventId"];
            /** @description What happened. */
            eventType: string;
            finishedAt: components["schemas"]["Timestamp"] | null;
            /** @description `whd_…` */
            id: components["schemas"]["DeliveryId"];
            nextAttemptAt: components["schemas"]["Timestamp"] | null;
            replayOf: components["schemas"]["DeliveryId"] | null;
            /** @description How the last answer began, at most 1 kB. */
            responseBody: string | null;
            /**
             * Format: int64
             * @description HTTP status of the last answer.
             */
            responseStatus: number | null;
            /** @description What became of it. */
            status: components["schemas"]["DeliveryStatus"];
            /** @description Which webhook. */
            webhookId: components["schemas"]["WebhookId"];
        };
        /**
         * @description What a webhook can be told of.
         *
         *     - `connect.session.completed`: A hosted session made a connection, or renewed one.
         *     - `connect.session.failed`: An attempt failed, or the end user cancelled. While the session lives another attempt may follow.
         *     - `connect.session.expired`: A session's time ran out with nothing connected.
         *     - `connection.created`: A connection was made.
         *     - `connection.reconnected`: A connection was given new credentials.
         *     - `connection.account_changed`: A reconnect signed in as another account than before.
         *     - `connection.error`: A refresh or test failed. Told once per cause, not per attempt.
         *     - `connection.recovered`: A connection that had an error works again.
         *     - `connection.expiring`: Its access ends within a week and cannot be renewed by itself.
         *     - `connection.expired`: Its access has ended.
         *     - `connection.deleted`: A connection was deleted.
         * @enum {string}
         */
        WebhookEvent: "connect.session.completed" | "connect.session.failed" | "connect.session.expired" | "connection.created" | "connection.reconnected" | "connection.account_changed" | "connection.error" | "connection.recovered" | "connection.expiring" | "connection.expired" | "connection.deleted";
        /**
         * @description Id: Where events are sent to.
         * @example whk_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        WebhookId: string;
        /** @description `{webhooks, total, nextCursor}` */
        WebhookList: {
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
            /** @description Newest first. */
            webhooks: components["schemas"]["Webhook"][];
        };
        /** @description Body of `PATCH /webhooks/{id}`. */
        WebhookPatch: {
            /** @description Whether it is sent anything. What happens while it is not, it is never told. */
            enabled?: boolean | null;
            /** @description What to be told of; null: everything. */
            events?: components["schemas"]["WebhookEvent"][] | null;
            /**
             * Format: uri
             * @description Where to post.
             */
            url?: string | null;
        };
        /** @description `{webhook, secret}` */
        WebhookSecretAnswer: {
            /** @description What its messages are signed with. Shown here and never again. */
            secret: string;
            webhook: components["schemas"]["Webhook"];
        };
        /** @description A workspace. */
        Workspace: {
            /** @description Accent colour of the hosted page, `#rrggbb`. */
            accent: string | null;
            /** @description Origins that the hosted page may signal to. */
            allowedOrigins: string[];
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description `ws_…` */
            id: components["schemas"]["WorkspaceId"];
            /** @description Language of the hosted page. */
            language: string | null;
            /** @description Logo of the hosted page. */
            logoUrl: string | null;
            /** @description Shown on the hosted page as the one who asks. */
            name: string;
            /** @description Constant. */
            orgId: components["schemas"]["OrgId"];
            /** @description Exact redirect URIs; empty allows any https one. */
            redirectUris: string[];
            /** @description Taken wherever the id is. */
            slug: string;
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
        };
        /** @description `{workspace}` */
        WorkspaceAnswer: {
            workspace: components["schemas"]["Workspace"];
        };
        /**
         * @description Id: A workspace.
         * @example ws_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        WorkspaceId: string;
        /** @description An integration as a workspace has set it up. */
        WorkspaceIntegration: {
            /** @description What it is called here, unique in the workspace. */
            alias: string;
            /** @description Method; none means any. */
            authMethodKey: string | null;
            /** @description Of the named connection. */
            connectionDisplayName: string | null;
            connectionId: components["schemas"]["ConnectionId"] | null;
            connectionStatus: components["schemas"]["Status"] | null;
            /** @description Whose connection is used. */
            connectionStrategy: components["schemas"]["ConnectionStrategy"];
            /** @description When it was made. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Shown to end users instead of the service's name. */
            displayName: string | null;
            /** @description None means all. */
            enabledActions: string[] | null;
            /** @description `wi_…` */
            id: components["schemas"]["WorkspaceIntegrationId"];
            /** @description Which service. */
            integrationName: string;
            oauthAppId: components["schemas"]["OAuthAppId"] | null;
            /** @description Whose OAuth app is used. */
            oauthAppMode: components["schemas"]["OAuthAppMode"];
            /** @description The customer's own settings. */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description Small first.
             */
            sortOrder: number;
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Where. */
            workspaceId: components["schemas"]["WorkspaceId"];
        };
        /** @description `{integration}` */
        WorkspaceIntegrationAnswer: {
            integration: components["schemas"]["WorkspaceIntegration"];
        };
        /**
         * @description Id: An integration set up in a workspace.
         * @example wi_019ab3f27c5c7e0e9b1fd38d4f0a6b21
         */
        WorkspaceIntegrationId: string;
        /** @description `{integrations, total}` */
        WorkspaceIntegrationList: {
            /** @description In their order. */
            integrations: components["schemas"]["WorkspaceIntegration"][];
            /** @description How many. */
            total: number;
        };
        /** @description `{workspaces, total, nextCursor}` */
        WorkspaceList: {
            /** @description Where the next page starts; null on the last. */
            nextCursor: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
            /** @description Newest first. */
            workspaces: components["schemas"]["Workspace"][];
        };
    };
    responses: never;
    parameters: {
        /** @description A name of your own for this request. Sent again with the same method, path and body within 24 hours it is answered as the first time, with `Idempotent-Replayed: true`, and runs once; with another body it is 409. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: {
        /** @description How many requests may come at once. */
        RateLimit: number;
        /** @description How many of them are left. */
        RateLimitRemaining: number;
        /** @description Seconds until more may come. */
        RateLimitReset: number;
        /** @description To find the request in the log. */
        RequestId: string;
        /** @description Seconds after which trying again makes sense. */
        RetryAfter: number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
