"""The snippets of the documentation that this product answers to, kept word for word in `snippets/`, and their placeholders.

Filled in are the key, the host, and ids in bodies and paths; nothing else of a snippet is touched. `WeavzClient(api_key=…)` also
gets `base_url`: that is the one thing a user of the published client changes.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import Keyloom, plain_environment
from weavz_sdk import WeavzClient

SNIPPETS = Path(__file__).resolve().parent / "snippets"
# Secrets that the snippets store; they must be nowhere readable afterwards.
SECRETS = ("sk-proj-abc123...", "abc123...", "sk-...")


@dataclass
class Seed:
    """Snippets, filled in for one server and one workspace."""

    server: Keyloom
    workspace: str

    def text(self, name: str, *, session: str = "", connection: str = "") -> str:
        self.server.secrets.update(SECRETS)
        text = (SNIPPETS / name).read_text()
        if name.startswith("sdk/"):
            text = text.replace('api_key="wvz_your_key"', f'api_key="{self.server.key}", base_url="{self.server.url}"')
        given = {
            "https://api.weavz.io": self.server.url,
            "wvz_your_key": self.server.key,
            "YOUR_WORKSPACE_ID": self.workspace,
            "proj_abc123": self.workspace,
            "cs_abc123": session,
            "conn_abc123": connection,
        }
        for placeholder, value in given.items():
            assert value or placeholder not in text, f"{name}: nothing to put in for {placeholder}"
            text = text.replace(placeholder, value)
        return text

    def python(self, name: str, *, connection: str = "", insert: tuple[str, str] | None = None, **names: object) -> dict[str, object]:
        """Runs a Python snippet and returns what it assigned. `insert` puts a line's text after the last occurrence of another."""
        text = self.text(name, connection=connection)
        if insert is not None:
            head, found, tail = text.rpartition(insert[0])
            assert found, f"{name} has no {insert[0]!r}"
            text = head + found + insert[1] + tail
        namespace: dict[str, object] = dict(names)
        exec(compile(text, name, "exec"), namespace)
        return namespace

    def sdk(self, name: str, client: WeavzClient, **given: object) -> dict[str, object]:
        """A snippet for the published client; but for the first, they take `client` as made before."""
        return self.python(f"sdk/{name}.py", client=client, **given)  # type: ignore[arg-type]

    def curl(self, name: str, *, session: str = "", connection: str = "") -> tuple[int, dict]:
        """Runs a curl snippet in a shell: status and body. What to print besides the body is said in a .curlrc, not in the snippet."""
        home = self.server.data.parent / "curl"
        home.mkdir(exist_ok=True)
        (home / ".curlrc").write_text('silent\nshow-error\nmax-time = 30\nwrite-out = "\\n%{http_code}"\n')
        text = self.text(f"curl/{name}.sh", session=session, connection=connection)
        done = subprocess.run(["bash", "-c", text], env=plain_environment({"CURL_HOME": str(home)}), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def fetch(self, name: str, *, wanted: tuple[str, ...] = (), connection: str = "", **names: str) -> tuple[dict, str, str]:
        """Runs a plain-fetch snippet in node: the variables `wanted` of it, and what it printed to stdout and stderr."""
        text = self.text(f"fetch/{name}.ts", connection=connection)
        given = "".join(f"const {key} = {json.dumps(value)}\n" for key, value in names.items())
        result = self.server.data.parent / "fetch.json"
        result.unlink(missing_ok=True)
        # The snippets have no types in them, so they are modules as they stand.
        module = (
            f"import {{ writeFileSync }} from 'node:fs'\n{given}{text}\n"
            f"writeFileSync({json.dumps(str(result))}, JSON.stringify({{ {', '.join(wanted)} }}))\n"
        )
        environment = plain_environment({"HOME": os.devnull})
        done = subprocess.run(["node", "--input-type=module", "-"], input=module, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(result.read_text()), done.stdout, done.stderr
