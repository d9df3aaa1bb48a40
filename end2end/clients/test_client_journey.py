"""Hosted connect with the published client, from the token to credentials that work at the provider."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import checks
import pytest
from browserless import Browser
from harness import Keyloom
from weavz_sdk import WeavzClient, WeavzError

POLL = {
    "status", "connectionId", "integrationName", "workspaceIntegrationId", "authMethodKey", "oauthAppMode", "oauthAppId", "externalId",
    "sessionId", "error",
}
# What Keyloom says beside the contract's members.
OWN = {"errorCode", "sessionStatus", "expiresAt"}


def slack_token(server: Keyloom, client: WeavzClient, workspace: str, **more: Any) -> dict[str, Any]:
    given = {"integration_name": "slack", "connection_name": "Acme Slack", "external_id": "acme_slack", "workspace_id": workspace}
    made = client.connect.create_token(**(given | more))
    checks.token(server, made)
    return made


def test_token_wait_session_list_resolve_credentials_delete(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(server, client, workspace)
    assert client.connect.poll(made["token"])["status"] == "PENDING"
    # As an application does it: it waits while somebody else is at the hosted page.
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.connect.wait, made["token"], timeout=30, interval=0.3)
        page = Browser().connect(made["connectUrl"], login="gina")
        assert page.status == 200 and "Connected as User gina" in page.words()
        done = waiting.result(30)
    assert set(done) == POLL | OWN
    assert {key: done[key] for key in ("status", "integrationName", "externalId", "sessionId", "error")} == {
        "status": "COMPLETED", "integrationName": "slack", "externalId": "acme_slack", "sessionId": made["sessionId"], "error": None,
    }
    assert (done["authMethodKey"], done["oauthAppMode"]) == ("oauth2", "weavz_managed") and checks.is_id("oap", done["oauthAppId"])

    # Both shapes of a session.
    session = client.connect.get_session(made["sessionId"])
    assert (session["status"], session["session"]["status"]) == ("completed", "COMPLETED")
    assert session["connection"]["id"] == session["session"]["connectionId"] == done["connectionId"]
    assert session["error"] is None and session["session"]["error"] is None

    (listed,) = client.connections.list()["connections"]
    checks.connection(
        listed, id=done["connectionId"], type="PLATFORM_OAUTH2", displayName="Acme Slack", scope="WORKSPACE", workspaceId=workspace,
        grantedScopes=["openid", "profile", "email"], account={"id": "gina", "label": "User gina", "email": "gina@example.test"},
    )
    found = client.connections.resolve(integration_name="slack", external_id="acme_slack", workspace_id=workspace)["connection"]
    assert found["id"] == listed["id"]
    checks.works_at_the_provider(server, listed["id"], "gina")

    # Gone here, and the provider was told.
    access = server.api("POST", f"/connections/{listed['id']}/credentials").json()["credentials"]["accessToken"]
    gone = client.connections.delete(listed["id"])
    assert gone["revocation"]["attempted"] is True, gone
    assert server.provider.userinfo(access).status_code == 401


def test_no_then_yes(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(server, client, workspace, scope="WORKSPACE", auth_method_key="oauth2", oauth_app_mode="weavz_managed")
    browser = Browser()
    browser.connect(made["connectUrl"], deny=True)
    told = client.connect.wait(made["token"], timeout=5)
    assert (told["status"], told["error"], told["connectionId"]) == ("FAILED", "Access to Slack was not granted", None)
    assert client.connections.list()["connections"] == []
    browser.connect(made["connectUrl"])
    assert client.connect.poll(made["token"])["status"] == "COMPLETED"


def test_cancelled(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(server, client, workspace)
    browser = Browser()
    page = browser.arrive(made["connectUrl"])
    browser.submit(page, page.form(f"/connect/{made['sessionId']}/cancel"))
    session = client.connect.get_session(made["sessionId"])
    # The published clients know four states only; the reason is in the error.
    assert (session["status"], session["session"]["status"], session["errorCode"]) == ("cancelled", "FAILED", "cancelled")
    assert session["error"] == session["session"]["error"] == client.connect.wait(made["token"], timeout=5)["error"]


def test_again_with_the_same_external_id_keeps_the_connection(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    ids = []
    for _ in range(2):
        made = slack_token(server, client, workspace)
        Browser().connect(made["connectUrl"], login="hugo")
        ids.append(client.connect.poll(made["token"])["connectionId"])
    assert ids[0] == ids[1] and client.connections.list()["total"] == 1


def test_of_an_end_user_with_redirects(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(
        server, client, workspace, end_user_id="user_9", success_redirect_uri="https://app.example/ok?from=here", error_redirect_uri="https://app.example/no",
    )
    page = Browser().connect(made["connectUrl"], login="ines")
    done = client.connect.poll(made["token"])
    assert f"https://app.example/ok?from=here&sessionId={made['sessionId']}&connectionId={done['connectionId']}" in page.links
    connection = client.connections.get(done["connectionId"])["connection"]
    checks.connection(connection, scope="USER", workspaceId=workspace, endUserId="user_9")
    assert [user["externalId"] for user in client.end_users.list(workspace)["endUsers"]] == ["user_9"]


def test_a_key_entered_at_the_hosted_page(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(server, client, workspace, integration_name="openai", external_id="acme_openai")
    server.secrets.add("sk-entered-by-hand")
    browser = Browser()
    refused = browser.connect(made["connectUrl"], values={"props.secretText": "not-a-key"})
    assert refused.status == 422 and "does not accept" in refused.words()
    assert client.connect.poll(made["token"])["status"] == "PENDING"
    page = browser.connect(made["connectUrl"], values={"props.secretText": "sk-entered-by-hand"})
    assert page.status == 200 and "OpenAI is connected" in page.words()
    done = client.connect.poll(made["token"])
    assert (done["status"], done["authMethodKey"], done["oauthAppId"]) == ("COMPLETED", "api-key", None)
    read = server.api("POST", f"/connections/{done['connectionId']}/credentials").json()
    assert read["credentials"]["secretText"] == "sk-entered-by-hand"


def test_a_key_has_no_oauth_app_mode(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    made = slack_token(server, client, workspace, integration_name="openai", external_id="acme_openai")
    Browser().connect(made["connectUrl"], values={"props.secretText": "sk-entered-by-hand"})
    assert client.connect.poll(made["token"])["oauthAppMode"] is None


def test_poll_says_from_the_start_how_it_will_connect(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    waiting = client.connect.poll(slack_token(server, client, workspace)["token"])
    assert (waiting["authMethodKey"], waiting["oauthAppMode"]) == ("oauth2", "weavz_managed") and waiting["oauthAppId"] is not None


def test_tokens_that_are_refused(client: WeavzClient, workspace: str) -> None:
    given = {"connection_name": "X", "external_id": "x", "workspace_id": workspace}
    for more, expected in (
        ({"integration_name": "github"}, (400, "NO_OAUTH_APP")),
        ({"integration_name": "slack", "oauth_app_mode": "custom"}, (400, "NO_OAUTH_APP")),
        ({"integration_name": "slack", "oauth_app_id": "oap_nothing"}, (404, "NOT_FOUND")),
        ({"integration_name": "nothing-like-it"}, (404, "INTEGRATION_NOT_FOUND")),
        ({"integration_name": "slack", "success_redirect_uri": "javascript:alert(1)"}, (400, "VALIDATION_ERROR")),
        ({"integration_name": "slack", "workspace_id": "nowhere"}, (404, "NOT_FOUND")),
    ):
        with pytest.raises(WeavzError) as caught:
            client.connect.create_token(**(given | more))
        assert (caught.value.status, caught.value.code) == expected, (more, repr(caught.value))
    for token, code in (("cst_nothing", "INVALID_TOKEN"), ("", "MISSING_TOKEN")):
        with pytest.raises(WeavzError) as caught:
            client.connect.poll(token)
        assert (caught.value.status, caught.value.code) == (401, code)
    with pytest.raises(WeavzError) as caught:
        client.connect.get_session("cs_nothing")
    assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")


def portal(server: Keyloom, client: WeavzClient, workspace: str, **more: Any) -> tuple[str, str]:
    """An end user and their link."""
    user = client.end_users.create(workspace_id=workspace, external_id="user_456")["endUser"]["id"]
    made = client.end_users.create_connect_token(user, **more)
    server.secrets.add(made["token"])
    return user, made["connectUrl"]


def test_portal_link_connects_again_and_dies_with_the_end_user(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    user, link = portal(server, client, workspace, integration_name="slack", expires_in=300)
    checks.portal_ends_well(server, user, link, workspace, who="jana")
    # Reusable until it ends; the same account keeps its connection.
    checks.portal_ends_well(server, user, link, workspace, who="jana")
    client.end_users.delete(user)
    page = Browser().open(link)
    assert page.status == 401 and page.forms == []


def test_portal_takes_a_second_account(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    user, link = portal(server, client, workspace, integration_name="slack")
    for who in ("kai", "lea"):
        Browser().connect(link, login=who)
    held = {connection["externalId"]: connection["account"]["id"] for connection in client.end_users.get(user)["connections"]}
    assert held == {"user_456": "kai", "user_456-2": "lea"}


def test_portal_without_an_integration(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    _, link = portal(server, client, workspace)
    page = Browser().open(link)
    assert page.status == 200 and "may be incomplete" not in page.words()


def test_by_workspace_integration(server: Keyloom, client: WeavzClient, workspace: str) -> None:
    added = client.workspaces.add_integration(workspace, integration_name="slack")["integration"]["id"]
    made = slack_token(server, client, workspace, workspace_integration_id=added)
    assert client.connect.poll(made["token"])["workspaceIntegrationId"] == added
    _, link = portal(server, client, workspace, workspace_integration_id=added)
    assert Browser().open(link).status == 200
