"""A shopper who uses a storefront through its pages: links, forms and redirects, nothing behind the scenes."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from infra.demo.calls import naming


class Lost(Exception):
    """A page did not have what a shopper would have clicked on; the message says which."""


@dataclass
class Form:
    """A form as it stands on a page, filled in as the page filled it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "select":
            self._select = given.get("name", "")
        elif self._form is not None and "disabled" not in given:
            self._fill(tag, given)

    def _fill(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        fields = self._form.fields
        if tag == "option" and self._select and ("selected" in given or self._select not in fields):
            fields[self._select] = given.get("value", "")
        elif tag == "input" and "name" in given:
            if given.get("type") in {"radio", "checkbox"} and "checked" not in given:
                return
            fields[given["name"]] = given.get("value", "")
        elif tag == "button" and "name" in given:
            fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


class Shopper:
    """One visit to one store, with its cookies."""

    def __init__(self, client: httpx.AsyncClient, storefront_url: str) -> None:
        """Visit a store.

        Args:
            client: keeps the visit's cookies; one for each shopper.
            storefront_url: ``http://<slug>.localhost:8080``. Not every resolver knows ``*.localhost``, so the loopback
                address is asked, under that name.
        """
        self._client = client
        self._host = urlsplit(storefront_url).netloc
        self.url = storefront_url
        self.page = _Page()
        self.text = ""

    async def visit(self, address: str) -> None:
        """Open a page; redirects are followed as a browser would."""
        await self._go("GET", urljoin(self.url, address), None)

    async def follow(self, prefix: str) -> None:
        """Click on the first link that begins so.

        Raises:
            Lost: there is none.
        """
        for link in self.page.links:
            if urlsplit(urljoin(self.url, link)).path.startswith(prefix):
                await self.visit(link)
                return
        raise Lost(f"{self.url} has no link to {prefix}…")

    async def submit(self, action: str, **filled: str) -> None:
        """Fill in the form with this action and send it.

        Raises:
            Lost: there is none.
        """
        for form in self.page.forms:
            if form.method == "post" and urlsplit(urljoin(self.url, form.action or self.url)).path.startswith(action):
                await self._go("POST", urljoin(self.url, form.action or self.url), {**form.fields, **filled})
                return
        raise Lost(f"{self.url} has no form for {action}")

    async def _go(self, method: str, url: str, data: dict[str, str] | None) -> None:
        for _ in range(8):
            parts = urlsplit(url)
            headers = {}
            host = parts.hostname or ""
            asked = url
            if host == "localhost" or host.endswith(".localhost"):
                # Python, Java and small containers do not resolve these names; all of them are this machine.
                headers["host"] = parts.netloc
                asked = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
            if method == "POST":
                headers["origin"] = f"{parts.scheme}://{parts.netloc}"
            async with naming(url):
                answer = await self._client.request(method, asked, data=data, headers=headers, follow_redirects=False)
            self.url = url
            if not answer.is_redirect:
                if answer.status_code >= 400:
                    raise Lost(f"{method} {url} answered {answer.status_code}")
                self.page, self.text = _Page(), answer.text
                self.page.feed(answer.text)
                return
            url, method, data = urljoin(url, answer.headers["location"]), "GET", None
        raise Lost(f"{url} redirects without end")
