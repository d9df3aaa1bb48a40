"""Webhooks, checked with the published library of the Standard Webhooks specification."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness import Hook, Keyloom
from standardwebhooks import Webhook, WebhookVerificationError
from weavz_sdk import WeavzClient


@pytest.fixture
def registered(server: Keyloom, workspace: str) -> Iterator[tuple[str, str]]:
    """Id and secret of a webhook that is told of the test's own workspace."""
    answer = server.api("POST", "/webhooks", json={"url": f"{server.openai.url}/hook", "workspaceId": workspace})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    server.secrets.add(made["secret"])
    yield made["webhook"]["id"], made["secret"]
    assert server.api("DELETE", f"/webhooks/{made['webhook']['id']}").status_code == 200


def next_hook(server: Keyloom) -> Hook:
    return server.openai.hooks.get(timeout=10)


def test_what_happens_is_told_and_verifies(server: Keyloom, client: WeavzClient, workspace: str, registered: tuple[str, str]) -> None:
    _, secret = registered
    made = client.connections.create(
        type="SECRET_TEXT", integration_name="openai", external_id="told", display_name="Key", workspace_id=workspace, secret_text="sk-webhook-0123456789"
    )
    hook = next_hook(server)
    message = Webhook(secret).verify(hook.body, hook.headers)
    assert message["type"] == "connection.created" and message["id"] == hook.headers["webhook-id"]
    assert message["data"]["connection"]["id"] == made["connection"]["id"]
    assert message["data"]["connection"]["externalId"] == "told" and message["data"]["connection"]["workspaceId"] == workspace
    assert b"sk-webhook" not in hook.body
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(hook.body + b" ", hook.headers)
    client.connections.delete(made["connection"]["id"])
    assert json.loads(next_hook(server).body)["type"] == "connection.deleted"


def test_during_a_rotation_either_secret_verifies(server: Keyloom, registered: tuple[str, str]) -> None:
    webhook, old = registered
    new = server.api("POST", f"/webhooks/{webhook}/rotate-secret").json()["secret"]
    server.secrets.add(new)
    delivery = server.api("POST", f"/webhooks/{webhook}/test").json()["delivery"]
    assert delivery["status"] == "delivered" and delivery["responseStatus"] == 204
    hook = next_hook(server)
    for secret in (old, new):
        assert Webhook(secret).verify(hook.body, hook.headers)["type"] == "webhook.test"


def test_a_replay_is_the_same_message(server: Keyloom, registered: tuple[str, str]) -> None:
    webhook, secret = registered
    server.api("POST", f"/webhooks/{webhook}/test")
    first = next_hook(server)
    delivery = server.api("GET", f"/webhooks/{webhook}/deliveries").json()["deliveries"][0]
    assert server.api("POST", f"/webhooks/{webhook}/deliveries/{delivery['id']}/replay").status_code == 201
    second = next_hook(server)
    assert (second.body, second.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    Webhook(secret).verify(second.body, second.headers)
