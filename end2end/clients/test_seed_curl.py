"""Every curl snippet of the documentation, through curl."""

from __future__ import annotations

import checks
from browserless import Browser
from harness import Keyloom
from seed import Seed


def test_connect_token_and_session(server: Keyloom, seed: Seed, workspace: str) -> None:
    status, made = seed.curl("token")
    assert status == 200
    checks.token(server, made)
    status, session = seed.curl("session", session=made["sessionId"])
    assert (status, session["status"], session["connection"], session["error"]) == (200, "pending", None, None)

    Browser().connect(made["connectUrl"], login="dora")

    status, session = seed.curl("session", session=made["sessionId"])
    assert (status, session["id"], session["status"], session["error"]) == (200, made["sessionId"], "completed", None)
    checks.connection(session["connection"], externalId="tenant_123_slack", scope="WORKSPACE", workspaceId=workspace)
    checks.works_at_the_provider(server, session["connection"]["id"], "dora")


def test_session_that_is_not_there(seed: Seed) -> None:
    status, answer = seed.curl("session", session="cs_abc123")
    assert (status, answer["code"]) == (404, "NOT_FOUND")
    assert answer["requestId"].startswith("req_") and answer["error"]


def test_openai(seed: Seed) -> None:
    status, made = seed.curl("openai")
    assert status == 201
    checks.openai_from_seed(made["connection"])
    # The same once more is a duplicate, and says of what.
    status, answer = seed.curl("openai")
    assert (status, answer["code"], answer["details"]["existingId"]) == (409, "DUPLICATE", made["connection"]["id"])


def test_freshsales(seed: Seed) -> None:
    status, made = seed.curl("freshsales")
    assert status == 201
    checks.freshsales_from_seed(made["connection"])


def test_list(seed: Seed) -> None:
    status, listed = seed.curl("list")
    assert (status, listed) == (200, {"connections": [], "total": 0, "nextCursor": None})
    _, made = seed.curl("openai")
    status, listed = seed.curl("list")
    assert (status, listed["total"]) == (200, 1) and listed["connections"][0]["id"] == made["connection"]["id"]


def test_delete(seed: Seed) -> None:
    connection = seed.curl("openai")[1]["connection"]["id"]
    status, answer = seed.curl("delete", connection=connection)
    assert (status, answer["deleted"], answer["id"]) == (200, True, connection)
    assert set(answer["revocation"]) == {"attempted", "result"}
    status, answer = seed.curl("delete", connection=connection)
    assert (status, answer["code"]) == (404, "CONNECTION_NOT_FOUND")
