"""Fixtures: one server for the run, a fresh workspace and an empty list of connections for every test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import harness
import pytest
from harness import Keyloom
from seed import Seed
from weavz_sdk import WeavzClient

_numbers = itertools.count(1)

# The published client and the httpx snippets go by these; everything here is on this machine.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyloom]:
    with harness.keyloom(tmp_path_factory.mktemp("keyloom")) as running:
        yield running
        # While it still runs: a write-ahead log is part of what rests on the disk.
        leaks = running.leaks()
    assert not leaks, leaks


@pytest.fixture
def client(server: Keyloom) -> Iterator[WeavzClient]:
    """The published client. Only `base_url` differs from how its documentation makes one."""
    # Without retries, so that a 500 fails the test that caused it.
    with WeavzClient(api_key=server.key, base_url=server.url, timeout=30, max_retries=0) as client:
        yield client


@pytest.fixture
def workspace(server: Keyloom) -> str:
    """Id of a workspace of the test's own."""
    number = next(_numbers)
    answer = server.api("POST", "/workspaces", json={"name": f"Acme {number}", "slug": f"acme-{number}"})
    assert answer.status_code == 201, answer.text
    return answer.json()["workspace"]["id"]


@pytest.fixture
def seed(server: Keyloom, workspace: str) -> Seed:
    return Seed(server, workspace)


@pytest.fixture(autouse=True)
def no_connections_stay(server: Keyloom) -> Iterator[None]:
    """The snippets use the same external ids again and again, most of them for the whole organisation."""
    yield
    for connection in server.api("GET", "/connections", params={"limit": 200}).json()["connections"]:
        server.api("DELETE", f"/connections/{connection['id']}")
