"""Starts what the client check talks to: the real server, a certified OAuth server, and an API that remembers what it was sent.

Everything listens on loopback. Processes are started with an environment of their own (an unknown KEYLOOM_* variable stops the
server) and are stopped by the handle they were started with.
"""

from __future__ import annotations

import json
import os
import queue
import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = Path(os.environ.get("KEYLOOM_BIN") or HERE / "../../target/debug/keyloom").resolve()
PEER = ROOT / "end2end" / "peers" / "oidc.mjs"
# Of the peer's clients, the confidential one.
CLIENT_ID, CLIENT_SECRET = "conf", "conf-secret-0123456789"
PATIENCE = 30.0

# Slack as far as a client can tell: name, type and flow. The rest is the local server's.
SLACK = """\
name = "slack"
display_name = "Slack"
description = "Stands in for Slack: a certified OAuth server on this machine."
categories = ["communication"]
docs_url = "https://docs.slack.dev/authentication/installing-with-oauth"
checked_at = "2026-11-24"

[api]
base_url = "{api}"

[[auth]]
key = "oauth2"
type = "OAUTH2"
label = "Sign in with Slack"

[auth.placement.headers]
Authorization = "Bearer {{{{accessToken}}}}"

[auth.oauth2]
issuer = "{issuer}"
scopes = ["openid", "profile", "email"]
client_auth = "basic"

[auth.identity]
url = "{{{{userinfo}}}}"
id = "/sub"
label = "/name"
email = "/email"

# The real definition's, as far as the snippet of the documentation needs it.
[actions.send_channel_message]
display_name = "Send a message"
description = "Posts a message to a channel."
method = "POST"
path = "/chat.postMessage"
body = {{ channel = "{{{{input.channel}}}}", text = "{{{{input.text}}}}" }}
input.required = ["channel", "text"]
input.properties.channel = {{ type = "string" }}
input.properties.text = {{ type = "string" }}
example = {{ channel = "C0123456789", text = "Hello!" }}
"""


def wait_until(what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Asks again and again; never longer than `patience`."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plain_environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the caller's but the way to programs: no KEYLOOM_*, no proxy, no .curlrc."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "NO_PROXY": "*", **(settings or {})}


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Provider:
    """The OAuth server."""

    issuer: str
    issued: Path

    def userinfo(self, access_token: str) -> httpx.Response:
        endpoints = httpx.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status().json()
        return httpx.get(endpoints["userinfo_endpoint"], headers={"Authorization": f"Bearer {access_token}"})


@contextmanager
def provider(redirect_uri: str, directory: Path) -> Iterator[Provider]:
    if not PEER.exists():
        raise FileNotFoundError(f"{PEER}: the OAuth server of the journeys is not there")
    issued = directory / "issued"
    issued.touch()
    # Our server discovers the endpoints itself, so the issuer is on a name that every resolver knows.
    settings = {"PORT": "0", "ISSUER": "localhost", "REDIRECT": redirect_uri, "ISSUED": str(issued)}
    process = subprocess.Popen(["node", str(PEER)], stdout=subprocess.PIPE, env=plain_environment(settings))
    try:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(PATIENCE):
                raise TimeoutError("the OAuth server did not start")
        line = process.stdout.readline().decode().split()
        if line[:1] != ["ready"]:
            raise RuntimeError(f"the OAuth server did not start: {line}")
        yield Provider(issuer=line[1], issued=issued)
    finally:
        stop(process)


@dataclass
class Hook:
    """A webhook's message as it arrived."""

    headers: dict[str, str]
    body: bytes


@dataclass
class KeyApi:
    """An API that takes keys, in the place of OpenAI's, and messages, in the place of Slack's."""

    url: str
    seen: list[tuple[str, str | None]] = field(default_factory=list)
    hooks: queue.Queue[Hook] = field(default_factory=queue.Queue)
    """What was posted to it: it also stands in for a customer's receiver of webhooks."""


@contextmanager
def key_api() -> Iterator[KeyApi]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            authorization = self.headers.get("Authorization")
            api.seen.append((self.path, authorization))
            known = (authorization or "").startswith("Bearer sk-")
            body = json.dumps({"data": []} if known else {"error": "no such key"}).encode()
            self.send_response(200 if known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.path == "/chat.postMessage":
                api.seen.append((self.path, self.headers.get("Authorization")))
                answer = json.dumps({"ok": True, **json.loads(body)}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                return
            api.hooks.put(Hook({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = KeyApi(url=f"http://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Keyloom:
    """The server under test."""

    url: str
    key: str
    """An organisation-wide key that may read credentials."""
    provider: Provider
    openai: KeyApi
    data: Path
    log: Path
    secrets: set[str] = field(default_factory=set)
    """What must not be found in the data folder or the log."""
    # One for the run: making one takes longer than most answers.
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def api(self, method: str, path: str, *, key: str | None = None, **request: object) -> httpx.Response:
        """The plain API, for what the published client has no method for and for looking behind it."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return self.http.request(method, f"{self.url}/api/v1{path}", headers=headers, **request)  # type: ignore[arg-type]

    def leaks(self) -> list[str]:
        """Secrets that are readable at rest, with the file they are in."""
        secrets = self.secrets | {self.key, CLIENT_SECRET} | set(self.provider.issued.read_text().split())
        files = [path for path in self.data.rglob("*") if path.is_file()] + [self.log]
        contents = {path: path.read_bytes() for path in files}
        return [f"{secret[:8]}… in {path.name}" for path, text in contents.items() for secret in secrets if secret.encode() in text]


@contextmanager
def keyloom(directory: Path) -> Iterator[Keyloom]:
    if not BINARY.exists():
        raise FileNotFoundError(f"{BINARY}: build the server first, or name one in KEYLOOM_BIN")
    port = free_port()
    url = f"http://localhost:{port}"
    data, integrations, log = directory / "data", directory / "integrations", directory / "keyloom.log"
    integrations.mkdir()
    with provider(f"{url}/oauth/callback/slack", directory) as peer, key_api() as openai:
        (integrations / "slack.toml").write_text(SLACK.format(issuer=peer.issuer, api=openai.url))
        # The real definition, but for where it leads.
        real = (ROOT / "integrations" / "openai.toml").read_text()
        moved = real.replace('base_url = "https://api.openai.com"', f'base_url = "{openai.url}"')
        assert moved != real
        (integrations / "openai.toml").write_text(moved)
        environment = plain_environment({
            "KEYLOOM_LISTEN": f"127.0.0.1:{port}",
            "KEYLOOM_PUBLIC_URL": url,
            "KEYLOOM_DATA_DIR": str(data),
            "KEYLOOM_INTEGRATIONS_DIR": str(integrations),
            # Nothing leaves this machine: freshsales and all others keep their real addresses and cannot be reached.
            "KEYLOOM_EGRESS_MODE": "allowlist",
            "KEYLOOM_EGRESS_ALLOW": ",".join(address.removeprefix("http://") for address in (peer.issuer, openai.url)),
            "KEYLOOM_OAUTH_SLACK_CLIENT_ID": CLIENT_ID,
            "KEYLOOM_OAUTH_SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "KEYLOOM_LOG": "info,keyloom=debug",
        })
        create = [str(BINARY), "api-key", "create", "--name", "seed", "--credentials-read"]
        with log.open("ab") as errors:
            key = subprocess.run(create, env=environment, cwd=directory, stdout=subprocess.PIPE, stderr=errors, timeout=60, check=True)
            process = subprocess.Popen([str(BINARY), "serve"], env=environment, cwd=directory, stdout=errors, stderr=errors)
        try:
            def answers() -> bool:
                if process.poll() is not None:
                    raise RuntimeError(f"the server stopped at its start:\n{log.read_text()}")
                try:
                    return httpx.get(f"{url}/health").is_success
                except httpx.TransportError:
                    return False

            wait_until("the server's start", answers)
            yield Keyloom(url=url, key=key.stdout.decode().strip(), provider=peer, openai=openai, data=data, log=log)
        finally:
            stop(process)
