"""Every Python snippet of the documentation, for the published client and for plain httpx."""

from __future__ import annotations

from typing import Any

import checks
import pytest
from browserless import Browser
from harness import Keyloom
from seed import Seed
from weavz_sdk import WeavzClient

STYLES = ("sdk", "httpx")


@pytest.fixture(params=STYLES)
def run(request: pytest.FixtureRequest, seed: Seed, client: WeavzClient) -> Any:
    """Runs a snippet in one of the two styles: `run("token")`."""
    style = request.param

    def run_it(name: str, **given: Any) -> dict[str, Any]:
        if style == "sdk":
            return seed.sdk(name, client, **given)
        given.pop("insert", None)
        return seed.python(f"httpx/{name}.py", **given)

    run_it.style = style  # type: ignore[attr-defined]
    return run_it


def test_connect_token(server: Keyloom, run: Any) -> None:
    made = run("token")
    checks.token(server, made["result" if run.style == "sdk" else "data"])
    assert made["connect_url"] == f"{server.url}/connect?token={made['token']}"


def test_session_of_a_person_who_consents(server: Keyloom, run: Any, workspace: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = run("token")
    session_id = checks.session_of(server, made["token"])
    waiting = run("session", session_id=session_id)["session"]
    assert waiting["status"] == "pending" and waiting["connection"] is None
    assert capsys.readouterr().out == ""

    page = Browser().connect(made["connect_url"], login="bob")
    assert page.status == 200 and "Connected as User bob" in page.words()

    session = run("session", session_id=session_id)["session"]
    assert session["status"] == "completed" and session["error"] is None
    connection = session["connection"]
    assert capsys.readouterr().out == f"Connection created: {connection['id']}\n"
    checks.connection(
        connection, integrationName="slack", externalId="tenant_123_slack", displayName="My Slack Workspace", type="PLATFORM_OAUTH2",
        scope="WORKSPACE", workspaceId=workspace, account={"id": "bob", "label": "User bob", "email": "bob@example.test"},
    )
    assert [found["id"] for found in run("list")["connections"]] == [connection["id"]]
    checks.works_at_the_provider(server, connection["id"], "bob")


def test_session_of_a_person_who_says_no(server: Keyloom, run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = run("token")
    session_id = checks.session_of(server, made["token"])
    browser = Browser()
    page = browser.connect(made["connect_url"], deny=True)
    session = run("session", session_id=session_id)["session"]
    assert session["status"] == "failed" and session["connection"] is None
    assert capsys.readouterr().out == f"Connect failed: {session['error']}\n"
    assert session["error"] == "Access to Slack was not granted" and session["errorCode"] == "access_denied"
    # The same page offers another try.
    page = browser.connect(page.url)
    assert "Connected as User alice" in page.words()
    assert run("session", session_id=session_id)["session"]["status"] == "completed"


def test_openai(server: Keyloom, run: Any) -> None:
    made = run("openai")
    connection = made["result"]["connection"] if run.style == "sdk" else made["connection"]
    checks.openai_from_seed(connection)
    # The key is good, and goes where the definition says.
    server.openai.seen.clear()
    tested = server.api("POST", f"/connections/{connection['id']}/test")
    assert tested.status_code == 200, tested.text
    assert ("/v1/models", "Bearer sk-proj-abc123...") in server.openai.seen
    read = server.api("POST", f"/connections/{connection['id']}/credentials").json()
    assert read["credentials"]["secretText"] == "sk-proj-abc123..."


def test_freshsales(server: Keyloom, run: Any) -> None:
    made = run("freshsales")
    connection = made["result"]["connection"] if run.style == "sdk" else made["connection"]
    checks.freshsales_from_seed(connection)
    read = server.api("POST", f"/connections/{connection['id']}/credentials").json()
    assert read["credentials"] == {"type": "CUSTOM_AUTH", "props": {"base_url": "https://mycompany.freshsales.io", "api_key": "abc123..."}}


def test_end_user(server: Keyloom, run: Any, workspace: str) -> None:
    made = run("end_user")
    end_user = made["end_user"]
    assert checks.is_id("eu", end_user["id"])
    assert (end_user["workspaceId"], end_user["externalId"], end_user["displayName"]) == (workspace, "user_456", "Alice Johnson")
    checks.portal_ends_well(server, end_user["id"], made["connect_url"], workspace, who="carol")


def test_external_id(run: Any, workspace: str) -> None:
    # The published client insists on a workspace here; the snippet without one fails in the client, before any request.
    made = run("external_id", insert=('    external_id="user_456",\n', f'    workspace_id="{workspace}",\n'))
    connection = made["result"]["connection"] if run.style == "sdk" else made["connection"]
    checks.connection(connection, externalId="user_456", displayName="User 456 OpenAI Key", integrationName="openai", scope="ORGANIZATION")


def test_list(run: Any) -> None:
    assert run("list")["connections"] == []
    run("openai")
    run("freshsales")
    # Newest first.
    assert [found["externalId"] for found in run("list")["connections"]] == ["tenant_123_freshsales", "tenant_123_openai"]


def test_delete(server: Keyloom, run: Any) -> None:
    run("openai")
    (connection,) = run("list")["connections"]
    run("delete", connection=connection["id"])
    assert run("list")["connections"] == []
    assert server.api("GET", f"/connections/{connection['id']}").status_code == 404


def test_action(server: Keyloom, seed: Seed, client: WeavzClient, workspace: str) -> None:
    """There is one snippet of an action, for the published client; it goes on from the one of end users."""
    made = seed.sdk("end_user", client)
    checks.portal_ends_well(server, made["end_user"]["id"], made["connect_url"], workspace, who="dave")  # type: ignore[index, arg-type]
    server.openai.seen.clear()
    result = seed.sdk("action", client)["result"]
    assert set(result) == {"success", "output", "duration"} and result["success"] is True  # type: ignore[arg-type, index, call-overload]
    assert result["output"] == {"ok": True, "channel": "C0123456789", "text": "Hello!"}  # type: ignore[index]
    # With the token of that end user, whom the provider knows by it.
    ((path, authorization),) = server.openai.seen
    assert path == "/chat.postMessage"
    assert server.provider.userinfo((authorization or "").removeprefix("Bearer ")).json()["sub"] == "dave"
