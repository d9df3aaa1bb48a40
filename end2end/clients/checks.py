"""What answers must look like, by the contract."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from browserless import Browser
from harness import Keyloom

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Members that every connection has, whether they hold something or not.
CONNECTION = {
    "id", "externalId", "displayName", "integrationName", "authMethodKey", "type", "status", "health", "scope",
    "account", "grantedScopes", "error", "metadata", "createdAt", "updatedAt",
}
CONNECTION_MAYBE = {"workspaceId", "endUserId", "oauthAppId", "expiresAt", "lastRefreshedAt", "lastUsedAt"}


def is_id(prefix: str, text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{10,}}", text) is not None


def is_time(text: object) -> bool:
    return isinstance(text, str) and TIME.fullmatch(text) is not None


def seconds_left(text: str) -> float:
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.now(timezone.utc)).total_seconds()


def connection(found: Any, **expected: object) -> None:
    """A connection of the contract's shape, with these values, and without a secret in it."""
    assert set(found) >= CONNECTION and set(found) <= CONNECTION | CONNECTION_MAYBE, set(found) ^ CONNECTION
    assert is_id("conn", found["id"]) and is_time(found["createdAt"]) and is_time(found["updatedAt"])
    assert (found["status"], found["health"]) == ("ACTIVE", "ok"), found
    assert {key: found.get(key) for key in expected} == expected
    assert "sk-" not in str(found) and "abc123..." not in str(found)


def openai_from_seed(found: Any) -> None:
    connection(
        found, type="SECRET_TEXT", integrationName="openai", externalId="tenant_123_openai", displayName="OpenAI Production",
        authMethodKey="api-key", scope="ORGANIZATION", workspaceId=None, endUserId=None,
    )


def freshsales_from_seed(found: Any) -> None:
    connection(
        found, type="CUSTOM_AUTH", integrationName="freshsales", externalId="tenant_123_freshsales", displayName="Freshsales CRM",
        authMethodKey="api-key", scope="ORGANIZATION", workspaceId=None, endUserId=None,
    )


def token(server: Keyloom, found: Any) -> None:
    """An answer of `POST /connect/token`."""
    assert set(found) >= {"token", "sessionId", "connectUrl", "expiresAt"}
    assert found["token"].startswith("cst_") and is_id("cs", found["sessionId"])
    assert found["connectUrl"] == f"{server.url}/connect?token={found['token']}"
    assert is_time(found["expiresAt"]) and 29 * 60 < seconds_left(found["expiresAt"]) <= 30 * 60
    server.secrets.add(found["token"])


def session_of(server: Keyloom, connect_token: str) -> str:
    """Id of the session that a token is for, as the application's page would learn it."""
    return server.api("POST", "/connect/session/poll", json={"token": connect_token}).json()["sessionId"]


def works_at_the_provider(server: Keyloom, connection_id: str, who: str) -> None:
    """The stored credentials are good, and they are the right person's."""
    answer = server.api("POST", f"/connections/{connection_id}/credentials")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store", answer.text
    credentials = answer.json()["credentials"]
    assert credentials["type"] == "PLATFORM_OAUTH2" and "refresh" not in answer.text.lower().replace("lastrefreshedat", "")
    userinfo = server.provider.userinfo(credentials["accessToken"])
    assert userinfo.status_code == 200 and userinfo.json()["sub"] == who, userinfo.text


def portal_ends_well(server: Keyloom, end_user_id: str, connect_url: str, workspace: str, who: str) -> None:
    """The end user opens their link, consents, and has a connection that is theirs."""
    assert connect_url.startswith(f"{server.url}/connect/portal?token=eut_")
    server.secrets.add(connect_url.partition("token=")[2])
    page = Browser().connect(connect_url, login=who)
    assert page.status == 200 and "Connected" in page.words(), page.words()
    user = server.api("GET", f"/end-users/{end_user_id}").json()
    (made,) = user["connections"]
    # Theirs: scope USER, linked, and named by their external id.
    connection(made, integrationName="slack", scope="USER", workspaceId=workspace, endUserId="user_456", externalId="user_456")
    assert user["endUser"]["connectionCount"] == 1
    works_at_the_provider(server, made["id"], who)
