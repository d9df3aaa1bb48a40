"""Every method of the published client that this server answers to: what it sends is taken, what it gets has the contract's shape.

Gaps are strict expected failures: whoever closes one is told to take it off the list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import checks
import pytest
import weavz_sdk.client
from harness import Keyloom
from weavz_sdk import WeavzClient, WeavzError, WorkspaceIntegration, WorkspaceIntegrationSettings

# Resources of the client, and those of their methods that are driven in this folder.
DRIVEN = {
    "workspaces": {"list", "create", "get", "update", "delete", "list_integrations", "add_integration", "update_integration", "remove_integration"},
    "connections": {"list", "get", "create", "delete", "resolve"},
    "connect": {"create_token", "get_session", "poll", "wait"},
    "end_users": {"create", "list", "get", "update", "delete", "create_connect_token", "invite"},
    "integrations": {"list", "list_summary", "get", "oauth_status", "resolve_options", "resolve_property"},
    "api_keys": {"list", "create", "delete"},
    "actions": {"action_names", "input_model", "validate_input", "execute", "execute_typed"},
}
# By the contract there is nothing behind these.
OUT_OF_SCOPE = {"partials", "triggers", "approvals", "approval_policies", "mcp_servers"}

LIST = {"total", "nextCursor"}
WORKSPACE = {"id", "orgId", "name", "slug", "allowedOrigins", "redirectUris", "logoUrl", "accent", "language", "createdAt", "updatedAt"}
END_USER = {"id", "workspaceId", "externalId", "displayName", "email", "metadata", "connectionCount", "type", "createdAt", "updatedAt"}
API_KEY = {"id", "orgId", "name", "keyPrefix", "permissions", "lastUsedAt", "expiresAt", "createdAt"}
INTEGRATION = {"name", "displayName", "description", "logoUrl", "categories", "auth", "authOptions", "actions", "triggers"}
FIELD = {"name", "label", "type", "required", "secret", "placeholder", "help", "pattern", "options", "default"}


@contextmanager
def refused(status: int, code: str, **details: Any) -> Iterator[None]:
    """The client turns the answer into its own error, with nothing of it lost."""
    with pytest.raises(WeavzError) as caught:
        yield
    error = caught.value
    assert (error.status, error.code) == (status, code), repr(error)
    # A sentence for a person, not the name of a code.
    assert " " in str(error)
    for name, value in details.items():
        assert error.details[name] == value, error.details


def key_of(client: WeavzClient, external_id: str, **more: Any) -> dict[str, Any]:
    """A connection with a key."""
    given = {"type": "SECRET_TEXT", "integration_name": "openai", "display_name": "Key", "secret_text": "sk-surface-0123456789"}
    return client.connections.create(external_id=external_id, **(given | more))["connection"]


def test_every_method_is_accounted_for(client: WeavzClient) -> None:
    """A newer client with more in it must not go unnoticed."""
    resources = {name: value for name, value in vars(client).items() if isinstance(value, weavz_sdk.client._BaseResource)}
    assert set(resources) == set(DRIVEN) | OUT_OF_SCOPE
    for name, driven in DRIVEN.items():
        methods = {method for method, _ in inspect.getmembers(resources[name], inspect.ismethod) if not method.startswith("_")}
        assert methods == driven, name
    # Why a snippet without workspaceId does not run through this client.
    assert inspect.signature(client.connections.resolve).parameters["workspace_id"].default is inspect.Parameter.empty


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.partials.list("any"),
        lambda client: client.triggers.list(limit=1),
        lambda client: client.triggers.test("slack", "any"),
        lambda client: client.approvals.list(status="pending"),
        lambda client: client.approval_policies.list(),
        lambda client: client.mcp_servers.list(include_suspended=True),
        lambda client: client.integrations.resolve_options("slack", property_name="channel", partial_ids=["any"]),
        lambda client: client.integrations.resolve_property("slack", property_name="channel"),
    ],
    ids=["partials", "triggers", "triggers_test", "approvals", "approval_policies", "mcp_servers", "resolve_options", "resolve_property"],
)
def test_out_of_scope_is_not_found(client: WeavzClient, call: Callable[[WeavzClient], Any]) -> None:
    with refused(404, "NOT_FOUND"):
        call(client)


def test_a_wrong_key(server: Keyloom) -> None:
    with WeavzClient(api_key="wvz_nobody", base_url=server.url, max_retries=0) as stranger, refused(401, "UNAUTHORIZED"):
        stranger.connections.list()


def test_what_the_hosted_service_takes_is_taken_and_a_typo_is_not(client: WeavzClient) -> None:
    # The client writes booleans as httpx does: true, false.
    for suspended in (True, False):
        assert "connections" in client.connections.list(include_suspended=suspended, limit=1, offset=0)
        assert "workspaces" in client.workspaces.list(include_suspended=suspended, limit=1, offset=0)
    client.request("GET", "/api/v1/connections", headers={"X-Weavz-Source": "sdk"})
    with refused(400, "VALIDATION_ERROR"):
        client.request("GET", "/api/v1/connections", params={"includeSuspnded": True})


def test_workspaces(client: WeavzClient) -> None:
    made = client.workspaces.create(name="Surface", slug="surface")["workspace"]
    assert set(made) == WORKSPACE and checks.is_id("ws", made["id"]) and checks.is_id("org", made["orgId"])
    assert (made["name"], made["slug"], made["allowedOrigins"], made["redirectUris"]) == ("Surface", "surface", [], [])
    with refused(409, "SLUG_EXISTS"):
        client.workspaces.create(name="Again", slug="surface")
    with refused(400, "VALIDATION_ERROR"):
        client.workspaces.create(name="Bad", slug="Not a slug")

    listed = client.workspaces.list(limit=1)
    assert set(listed) == LIST | {"workspaces"} and [found["id"] for found in listed["workspaces"]] == [made["id"]]
    assert client.workspaces.get(made["id"])["workspace"] == client.workspaces.get("surface")["workspace"] == made
    renamed = client.workspaces.update(made["id"], name="Renamed", slug="renamed")["workspace"]
    assert (renamed["name"], renamed["slug"], renamed["id"]) == ("Renamed", "renamed", made["id"])
    with refused(404, "NOT_FOUND"):
        client.workspaces.get("surface")

    connection = key_of(client, "held", workspace_id=made["id"])
    with refused(409, "NOT_EMPTY"):
        client.workspaces.delete(made["id"])
    client.connections.delete(connection["id"])
    assert client.workspaces.delete(made["id"]) == {"deleted": True, "id": made["id"]}
    with refused(404, "NOT_FOUND"):
        client.workspaces.get(made["id"])


def test_workspace_integrations(client: WeavzClient, workspace: str) -> None:
    assert client.workspaces.list_integrations(workspace) == {"integrations": [], "total": 0}
    made = client.workspaces.add_integration(
        workspace, integration_name="slack", integration_alias="customer_slack", connection_strategy="per_user",
        auth_method_key="oauth2", oauth_app_mode="weavz_managed", display_name="Customer Slack", enabled_actions=["send_channel_message"],
        settings=WorkspaceIntegrationSettings(), sort_order=2,
    )["integration"]
    parsed = WorkspaceIntegration.model_validate(made)
    assert (parsed.alias, parsed.connection_strategy, parsed.sort_order) == ("customer_slack", "per_user", 2)
    with refused(409, "DUPLICATE"):
        client.workspaces.add_integration(workspace, integration_name="slack", integration_alias="customer_slack")
    with refused(400, "VALIDATION_ERROR"):
        client.workspaces.add_integration(workspace, integration_name="openai", connection_strategy="fixed")
    changed = client.workspaces.update_integration(workspace, made["id"], display_name="Other", sort_order=1)["integration"]
    assert (changed["displayName"], changed["alias"]) == ("Other", "customer_slack")
    client.workspaces.remove_integration(workspace, made["id"])
    assert client.workspaces.list_integrations(workspace)["total"] == 0


def test_actions(client: WeavzClient, workspace: str) -> None:
    key_of(client, "for-actions", workspace_id=workspace)
    # The client knows actions of its own; those of this catalogue that are called the same take what it sends.
    assert "list_models" in client.actions.action_names("openai") and client.actions.input_model("openai", "create_embedding") is not None
    done = client.actions.execute("openai", "list_models", workspace_id=workspace, partial_ids=["any"])
    assert done["success"] is True and done["output"] == [] and done["duration"] >= 0
    typed = client.actions.execute_typed("openai", "list_models", workspace_id=workspace, connection_external_id="for-actions")
    assert typed["output"] == []
    call = {"method": "GET", "path": "/v1/models"}
    done = client.actions.execute("openai", "custom_api_call", workspace_id=workspace, input=call, idempotency_key="once")
    assert done["output"]["status"] == 200
    assert client.actions.execute("openai", "custom_api_call", workspace_id=workspace, input=call, idempotency_key="once") == done
    with refused(404, "ACTION_NOT_FOUND"):
        client.actions.execute("openai", "no_such_action", workspace_id=workspace)
    with refused(400, "VALIDATION_ERROR"):
        client.actions.execute("openai", "create_embedding", workspace_id=workspace, input={"model": "m"})
    with refused(400, "CONNECTION_REQUIRED"):
        client.actions.execute("openai", "list_models", workspace_id=workspace, connection_external_id="nothing")


def test_connections_of_every_type(client: WeavzClient, workspace: str) -> None:
    checks.connection(key_of(client, "a", auth_method_key="api-key", workspace_id=workspace), type="SECRET_TEXT", scope="WORKSPACE", workspaceId=workspace)
    basic = client.connections.create(
        type="BASIC_AUTH", integration_name="smtp", external_id="a", display_name="Mail", username="user", password="pass-surface",
        props={"host": "smtp.example.com", "port": 587},
    )
    checks.connection(basic["connection"], type="BASIC_AUTH", scope="ORGANIZATION")
    custom = client.connections.create(
        type="CUSTOM_AUTH", integration_name="freshsales", external_id="a", display_name="CRM", workspace_id=workspace, end_user_id="user_1",
        props={"base_url": "mycompany.myfreshworks.com", "api_key": "key-surface"},
    )
    checks.connection(custom["connection"], type="CUSTOM_AUTH", scope="USER", workspaceId=workspace, endUserId="user_1")
    # An import of tokens that a provider elsewhere issued; this one has no identity request that could refuse them.
    tokens: dict[str, Any] = {"access_token": "at-surface", "token_type": "Bearer", "expires_in": 30 * 86_400, "scope_oauth": "repo user", "data": {"any": "thing"}}
    imported = client.connections.create(type="OAUTH2", integration_name="github", external_id="a", display_name="Imported", **tokens)
    checks.connection(imported["connection"], type="OAUTH2", grantedScopes=["repo", "user"])
    assert 29 * 86_400 < checks.seconds_left(imported["connection"]["expiresAt"]) <= 30 * 86_400
    with refused(400, "VALIDATION_ERROR"):
        client.connections.create(type="OAUTH2", integration_name="github", external_id="b", display_name="X", access_token="at", refresh_token="rt")


def test_connections_that_are_refused(client: WeavzClient, workspace: str) -> None:
    made = key_of(client, "same")
    with refused(409, "DUPLICATE", existingId=made["id"]):
        key_of(client, "same")
    # Another scope is another connection.
    assert key_of(client, "same", workspace_id=workspace)["id"] != made["id"]
    assert key_of(client, "other", workspace_id=workspace, scope="ORGANIZATION")["scope"] == "ORGANIZATION"
    with refused(404, "INTEGRATION_NOT_FOUND"):
        key_of(client, "x", integration_name="nothing-like-it")
    with refused(400, "WORKSPACE_REQUIRED"):
        key_of(client, "x", end_user_id="user_1")
    with refused(400, "VALIDATION_ERROR"):
        key_of(client, "x", scope="USER", workspace_id=workspace)
    with pytest.raises(WeavzError) as caught:
        props = {"base_url": "https://evil.example", "more": "1"}
        client.connections.create(type="CUSTOM_AUTH", integration_name="freshsales", external_id="x", display_name="X", props=props)
    fields = caught.value.details["fields"]
    assert {field["path"] for field in fields} == {"props.base_url", "props.api_key", "props.more"}
    assert all(set(field) == {"path", "code", "message"} for field in fields)


def test_connections_listed_found_deleted(client: WeavzClient) -> None:
    made = [key_of(client, f"page-{number}") for number in range(5)]
    newest_first = [connection["id"] for connection in reversed(made)]
    pages = [client.connections.list(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert all(set(page) == LIST | {"connections"} and page["total"] == 5 for page in pages)
    assert [connection["id"] for page in pages for connection in page["connections"]] == newest_first
    for limit in (0, 201):
        with refused(400, "VALIDATION_ERROR"):
            client.connections.list(limit=limit)

    one = made[0]["id"]
    assert client.connections.get(one)["connection"]["id"] == client.connections.list(id=one)["connection"]["id"] == one
    gone = client.connections.delete(one)
    assert gone["deleted"] is True and gone["id"] == one and gone["revocation"]["attempted"] is False
    with refused(404, "CONNECTION_NOT_FOUND"):
        client.connections.get(one)
    with refused(404, "CONNECTION_NOT_FOUND"):
        client.connections.delete(one)


def test_the_last_page_says_so(client: WeavzClient) -> None:
    key_of(client, "a")
    key_of(client, "b")
    assert client.connections.list(limit=2)["nextCursor"] is None


def test_resolve(client: WeavzClient, workspace: str) -> None:
    other = client.workspaces.create(name="Other", slug=f"other-{workspace[-12:]}")["workspace"]["id"]
    shared, ours = key_of(client, "shared"), key_of(client, "ours", workspace_id=workspace)
    theirs = key_of(client, "theirs", workspace_id=workspace, end_user_id="user_1")

    def resolve(**given: str) -> str:
        return client.connections.resolve(**({"integration_name": "openai", "workspace_id": workspace} | given))["connection"]["id"]

    assert resolve(external_id="ours") == resolve() == ours["id"]
    assert resolve(external_id="ours", auth_method_key="api-key") == ours["id"]
    assert resolve(external_id="shared") == shared["id"]
    assert resolve(external_id="theirs", end_user_id="user_1") == resolve(end_user_id="user_1") == theirs["id"]
    for elsewhere in ({"external_id": "ours", "workspace_id": other}, {"external_id": "theirs"}, {"external_id": "ours", "end_user_id": "user_1"}):
        with refused(403, "SCOPE_DENIED"):
            resolve(**elsewhere)
    with refused(404, "CONNECTION_NOT_FOUND"):
        resolve(external_id="nowhere")
    with refused(404, "END_USER_NOT_FOUND"):
        resolve(end_user_id="nobody")
    key_of(client, "second", workspace_id=workspace)
    with refused(409, "AMBIGUOUS_INTEGRATION"):
        resolve()


def test_resolve_by_another_method(client: WeavzClient, workspace: str) -> None:
    key_of(client, "ours", workspace_id=workspace)
    with refused(404, "CONNECTION_NOT_FOUND"):
        client.connections.resolve(integration_name="openai", workspace_id=workspace, external_id="ours", auth_method_key="oauth2")


def test_end_users(client: WeavzClient, workspace: str) -> None:
    about = {"display_name": "Alice", "email": "alice@example.test", "metadata": {"plan": {"tier": [1, None]}}}
    made = client.end_users.create(workspace_id=workspace, external_id="user_1", **about)["endUser"]  # type: ignore[arg-type]
    assert set(made) == END_USER and checks.is_id("eu", made["id"]) and (made["type"], made["connectionCount"]) == ("external", 0)
    assert made["metadata"] == {"plan": {"tier": [1, None]}}
    with refused(409, "DUPLICATE", existingId=made["id"]):
        client.end_users.create(workspace_id=workspace, external_id="user_1")
    listed = client.end_users.list(workspace, limit=10, offset=0)
    assert set(listed) == LIST | {"endUsers"} and listed["endUsers"] == [made]
    changed = client.end_users.update(made["id"], display_name="Alicia", email="alicia@example.test", metadata={})["endUser"]
    assert (changed["displayName"], changed["email"], changed["metadata"]) == ("Alicia", "alicia@example.test", {})

    connection = key_of(client, "theirs", workspace_id=workspace, end_user_id="user_1")
    # Named by our id they are the same person, and are answered by the customer's id.
    assert key_of(client, "theirs-2", workspace_id=workspace, end_user_id=made["id"])["endUserId"] == "user_1"
    found = client.end_users.get(made["id"])
    assert found["endUser"]["connectionCount"] == 2 and connection["id"] in [held["id"] for held in found["connections"]]

    token = client.end_users.create_connect_token(made["id"], expires_in=600)
    assert set(token) == {"token", "connectUrl", "expiresAt"} and token["token"].startswith("eut_")
    assert token["connectUrl"].endswith(f"/connect/portal?token={token['token']}") and 590 < checks.seconds_left(token["expiresAt"]) <= 600
    with refused(400, "VALIDATION_ERROR"):
        client.end_users.create_connect_token(made["id"], expires_in=299)
    assert client.end_users.delete(made["id"]) == {"deleted": True, "id": made["id"], "connectionsDeleted": 2}
    with refused(404, "END_USER_NOT_FOUND"):
        client.end_users.get(made["id"])
    with refused(404, "CONNECTION_NOT_FOUND"):
        client.connections.get(connection["id"])


def test_invite(client: WeavzClient, workspace: str) -> None:
    user = client.end_users.create(workspace_id=workspace, external_id="user_1")["endUser"]
    invited = client.end_users.invite(user["id"], email="alice@example.test", integration_name="slack", expires_in=3600)
    assert set(invited) == {"token", "connectUrl", "expiresAt", "emailSent"} and invited["emailSent"] is False


def test_integrations(client: WeavzClient) -> None:
    whole, summary = client.integrations.list(), client.integrations.list_summary()
    assert set(whole) >= {"integrations", "total", "registered"}
    assert [found["name"] for found in whole["integrations"]] == whole["registered"] == summary["registered"]
    assert whole["total"] == len(whole["integrations"]) > 30
    assert all(set(found) >= INTEGRATION for found in whole["integrations"])
    assert len(str(summary)) < len(str(whole))
    assert len(client.integrations.list(summary=False)["integrations"]) == whole["total"]

    freshsales = client.integrations.get("freshsales")["integration"]
    assert freshsales["auth"] == freshsales["authOptions"][0] and freshsales["auth"]["type"] == "CUSTOM_AUTH"
    assert [field["name"] for field in freshsales["auth"]["fields"]] == ["base_url", "api_key"]
    assert all(set(field) >= FIELD for field in freshsales["auth"]["fields"])
    assert [field["secret"] for field in freshsales["auth"]["fields"]] == [False, True]
    assert client.integrations.get("http")["integration"]["auth"] is None
    assert client.integrations.get("slack")["integration"]["auth"]["oauth2"]["scopes"] == ["openid", "profile", "email"]
    assert client.integrations.oauth_status() == {"configured": ["slack"]}
    with refused(404, "INTEGRATION_NOT_FOUND"):
        client.integrations.get("nothing-like-it")


def test_api_keys(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = client.api_keys.create(name="For a year", expires_at="2099-01-01T00:00:00.000Z")
    key = made["apiKey"]
    assert set(key) == API_KEY and checks.is_id("key", key["id"]) and made["plainKey"].startswith("wvz_")
    assert (key["keyPrefix"], key["expiresAt"], key["permissions"]) == (made["plainKey"][:8], "2099-01-01T00:00:00.000Z", {"scope": "org"})
    given = {"scope": "workspace", "workspaceIds": [workspace], "approvals": {"decide": True}}
    assert client.api_keys.create(name="Echo", permissions=given)["apiKey"]["permissions"] == given
    limited = client.api_keys.create(name="Limited", scope="workspace", workspace_ids=[workspace])
    server.secrets.update((made["plainKey"], limited["plainKey"]))
    listed = client.api_keys.list()
    assert {"For a year", "Limited", "Echo"} <= {found["name"] for found in listed["apiKeys"]} and listed["total"] == len(listed["apiKeys"])
    assert made["plainKey"] not in str(listed)

    organization = key_of(client, "of-the-organization")
    with WeavzClient(api_key=limited["plainKey"], base_url=server.url, max_retries=0) as tenant:
        mine = key_of(tenant, "mine")
        # The one workspace it has is meant where none is named.
        assert (mine["scope"], mine["workspaceId"]) == ("WORKSPACE", workspace)
        assert [found["id"] for found in tenant.connections.list()["connections"]] == [mine["id"]]
        assert [found["id"] for found in tenant.workspaces.list()["workspaces"]] == [workspace]
        with refused(404, "CONNECTION_NOT_FOUND"):
            tenant.connections.get(organization["id"])
        with refused(403, "FORBIDDEN"):
            key_of(tenant, "x", scope="ORGANIZATION")
        with refused(403, "FORBIDDEN"):
            tenant.api_keys.create(name="More than my own")
        with refused(403, "FORBIDDEN"):
            tenant.request("POST", f"/api/v1/connections/{mine['id']}/credentials")
        assert client.api_keys.delete(limited["apiKey"]["id"]) == {"deleted": True, "id": limited["apiKey"]["id"]}
        with refused(401, "UNAUTHORIZED"):
            tenant.connections.list()
    with refused(404, "NOT_FOUND"):
        client.api_keys.delete(limited["apiKey"]["id"])
