"""A person at the hosted page, without a browser: plain HTTP, a cookie jar and the forms that the pages show.

    page = Browser().connect(connect_url)            # signs in and consents
    page = Browser().connect(connect_url, deny=True) # signs in and says no
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """Where the browser is and what it shows."""

    url: str
    status: int
    text: str
    forms: list[Form]
    links: list[str]

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    def form(self, path: str) -> Form:
        """The form that goes to `path`."""
        for form in self.forms:
            if urlsplit(form.action).path == path:
                return form
        raise AssertionError(f"{self.url} ({self.status}) has no form for {path}: {self.words()}")

    def words(self) -> str:
        """What a person reads."""
        text = re.sub(r"<(style|script|head)\b.*?</\1>", " ", self.text, flags=re.S)
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=urljoin(self.url, given.get("action", ""))))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "a" and given.get("href"):
            self.links.append(urljoin(self.url, given["href"]))


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Browser:
    """One browser: cookies are kept, redirects followed."""

    def __init__(self) -> None:
        self._http = httpx.Client(timeout=20, headers={"Accept": "text/html", "Accept-Language": "en"})
        self.visited: list[str] = []

    def open(self, url: str) -> Page:
        return self._follow("GET", url)

    def submit(self, page: Page, form: Form, values: dict[str, str] | None = None) -> Page:
        # Browsers name their origin with every form; the server refuses cookies on a POST that does not.
        return self._follow("POST", form.action, data=form.fields | (values or {}), headers={"Origin": page.origin})

    def arrive(self, connect_url: str) -> Page:
        """The page of a link. Nothing tells it that this comes from the application: it asks, and is answered with yes."""
        page = self.open(connect_url)
        yes = f"{urlsplit(page.url).path}/started"
        asked = any(urlsplit(form.action).path == yes for form in page.forms)
        return self.submit(page, page.form(yes)) if asked else page

    def connect(self, connect_url: str, *, login: str = "alice", deny: bool = False, values: dict[str, str] | None = None) -> Page:
        """The whole way from a link of ours to our last page. `values` fill a form of ours, for keys and passwords."""
        page = self.arrive(connect_url)
        ours = page.origin
        start = urlsplit(page.url).path
        if start == "/connect/portal":
            page = self.submit(page, page.form("/connect/portal/start"))
            start = urlsplit(page.url).path
        if page.origin == ours:
            page = self.submit(page, page.form(start), values)
        for _ in range(5):
            if page.origin == ours:
                return page
            page = self._at_provider(page, login, deny)
        raise AssertionError(f"the provider does not let go: {page.url}: {page.words()}")

    def _at_provider(self, page: Page, login: str, deny: bool) -> Page:
        """One page of oidc-provider's development interactions."""
        assert page.forms, f"{page.url} ({page.status}): {page.words()}"
        form = page.forms[0]
        if form.fields.get("prompt") == "login":
            return self.submit(page, form, {"login": login, "password": "any"})
        if deny:
            return self.open(next(link for link in page.links if "abort" in link))
        return self.submit(page, form)

    def _follow(self, method: str, url: str, **request: object) -> Page:
        for _ in range(15):
            answer = self._http.request(method, url, **request)  # type: ignore[arg-type]
            self.visited.append(url)
            if not answer.is_redirect:
                reader = _Reader(url)
                reader.feed(answer.text)
                return Page(url, answer.status_code, answer.text, reader.forms, reader.links)
            method, url, request = "GET", urljoin(url, answer.headers["Location"]), {}
        raise AssertionError(f"too many redirects: {self.visited[-15:]}")
