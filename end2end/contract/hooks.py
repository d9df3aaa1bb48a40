"""A second key beside every request: whatever the organisation's key was given must not be there for a key that is limited to
another workspace ("walled"), and lists show that key nothing of anybody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import requests
import schemathesis

WALLED = {"Authorization": f"Bearer {os.environ['CONTRACT_WALLED_KEY']}"}
# The workspace of that key, by id and by slug.
WORKSPACE = set(os.environ["CONTRACT_WALLED_WORKSPACE"].split())
BASE = os.environ["CONTRACT_URL"]
# What keeps the check itself going and may not be taken away or renamed by it.
KEEP = {
    "deleteApiKey": set(os.environ["CONTRACT_KEY_IDS"].split()),
    "updateWorkspace": WORKSPACE,
    "deleteWorkspace": WORKSPACE,
}

# Idempotency keys that were used: a second use rightly answers with what was made the first time, which may be gone again.
_used: set[str] = set()
_http = requests.Session()
_http.trust_env = False
# Ids of what was made in the walled workspace, which its key may of course see.
_own: set[str] = set()
# What the walled key was answered to a DELETE, before the other key's own: afterwards there is nothing left to ask for.
_deletes: dict[str, requests.Response] = {}


def _operation_id(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw.get("operationId"))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _objects(member)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _json(text: str | bytes) -> Any:
    try:
        return requests.models.complexjson.loads(text)
    except ValueError:
        return None


def _foreign(answer: requests.Response) -> list[str]:
    """Workspaces in an answer that are not the key's own."""
    found = {item["workspaceId"] for item in _objects(_json(answer.content)) if isinstance(item.get("workspaceId"), str)}
    return sorted(found - WORKSPACE)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    key = str((case.headers or {}).get("Idempotency-Key", ""))
    if 1 <= len(key) <= 255 and all("!" <= letter <= "~" for letter in key):
        if key in _used:
            del case.headers["Idempotency-Key"]
        _used.add(key)
    named = set(map(str, (case.path_parameters or {}).values()))
    if named & KEEP.get(_operation_id(case), set()):
        case.path_parameters["id"] = "gone"
    # A long poll of a session that nobody completes lasts as long as it says.
    if _operation_id(case) == "getSession" and str((case.query or {}).get("wait", "")).isdigit() and 1 < int(case.query["wait"]) <= 25:
        case.query["wait"] = 1
    if case.method == "DELETE" and not named & (_own | WORKSPACE):
        _deletes[case.id] = _http.delete(BASE + case.formatted_path, headers=WALLED, timeout=10)


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    for item in _objects(_json(response.content)):
        if str(item.get("workspaceId")) in WORKSPACE:
            _own.update(str(item[name]) for name in ("id", "externalId", "sessionId") if item.get(name))


@schemathesis.hook
def filter_failure(context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """A batch answers each request in its place, also a malformed one: 200, with its refusal in it."""
    if _operation_id(case) != "resolveConnections" or type(failure).__name__ != "AcceptedNegativeData":
        return True
    return not any("code" in item for item in _objects(_json(response.content)))


@schemathesis.check
def another_key_is_refused(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    place = f"{case.method} {case.operation.path}"
    worked = 200 <= response.status_code < 300
    if case.method == "DELETE":
        # Where the walled key could delete it, there was nothing left for the other one.
        answer = _deletes.pop(case.id, None)
        if answer is not None and (worked or answer.ok):
            assert answer.status_code in (403, 404), f"{place}: a key of another workspace is answered {answer.status_code}: {answer.text[:300]}"
        return
    named = set(map(str, (case.path_parameters or {}).values()))
    is_about_one = "{" in case.operation.path
    if not worked or named & (_own | WORKSPACE) or _operation_id(case) == "getOpenapi" or not (is_about_one or case.method == "GET"):
        return
    request = response.request.copy()
    request.headers.update(WALLED)
    answer = _http.send(request, timeout=10)
    if is_about_one:
        assert answer.status_code in (403, 404), f"{place}: a key of another workspace is answered {answer.status_code}: {answer.text[:300]}"
    else:
        assert not _foreign(answer), f"{place} shows a key of another workspace what is in {_foreign(answer)}"
