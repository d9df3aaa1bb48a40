"""Every plain-fetch TypeScript snippet of the documentation, in node."""

from __future__ import annotations

import checks
from browserless import Browser
from harness import Keyloom
from seed import Seed


def test_connect_token_and_session(server: Keyloom, seed: Seed) -> None:
    made, _, _ = seed.fetch("token", wanted=("token", "connectUrl"))
    assert made["connectUrl"] == f"{server.url}/connect?token={made['token']}"
    session_id = checks.session_of(server, made["token"])
    waiting, printed, failed = seed.fetch("session", wanted=("session",), sessionId=session_id)
    assert (waiting["session"]["status"], printed, failed) == ("pending", "", "")

    page = Browser().connect(made["connectUrl"], login="emil", deny=True)
    _, printed, failed = seed.fetch("session", sessionId=session_id)
    assert (printed, failed) == ("", "Connect failed: Access to Slack was not granted\n")

    browser = Browser()
    again, _, _ = seed.fetch("token", wanted=("token", "connectUrl"))
    page = browser.connect(again["connectUrl"], login="emil")
    assert "Connected as User emil" in page.words()
    done, printed, failed = seed.fetch("session", wanted=("session",), sessionId=checks.session_of(server, again["token"]))
    connection = done["session"]["connection"]
    assert (printed, failed) == (f"Connection created: {connection['id']}\n", "")
    checks.works_at_the_provider(server, connection["id"], "emil")


def test_openai(seed: Seed) -> None:
    checks.openai_from_seed(seed.fetch("openai", wanted=("connection",))[0]["connection"])


def test_freshsales(seed: Seed) -> None:
    checks.freshsales_from_seed(seed.fetch("freshsales", wanted=("connection",))[0]["connection"])


def test_end_user(server: Keyloom, seed: Seed, workspace: str) -> None:
    made, _, _ = seed.fetch("end_user", wanted=("endUser", "connectUrl"))
    assert (made["endUser"]["externalId"], made["endUser"]["displayName"]) == ("user_456", "Alice Johnson")
    checks.portal_ends_well(server, made["endUser"]["id"], made["connectUrl"], workspace, who="frida")


def test_external_id(seed: Seed) -> None:
    found = seed.fetch("external_id", wanted=("connection",))[0]["connection"]
    checks.connection(found, externalId="user_456", displayName="User 456 OpenAI Key", scope="ORGANIZATION")


def test_list_and_delete(seed: Seed) -> None:
    made = seed.fetch("openai", wanted=("connection",))[0]["connection"]
    listed = seed.fetch("list", wanted=("connections",))[0]["connections"]
    assert [found["id"] for found in listed] == [made["id"]]
    seed.fetch("delete", connection=made["id"])
    assert seed.fetch("list", wanted=("connections",))[0]["connections"] == []
