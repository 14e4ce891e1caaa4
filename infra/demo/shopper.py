"""An HTTP client that acts as a shopper: it only follows the links, forms and redirects of the pages."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from infra.demo.calls import naming


class UnexpectedPage(Exception):
    """A page lacks the link or form that the shopper needs, or answered with an error; the message says which."""


@dataclass
class Form:
    """A form of a page with its preset values."""

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
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "form":
            self._form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "select":
            self._select = attributes.get("name", "")
        elif self._form is not None and "disabled" not in attributes:
            self._fill(tag, attributes)

    def _fill(self, tag: str, attributes: dict[str, str]) -> None:
        assert self._form is not None
        fields = self._form.fields
        if tag == "option" and self._select and ("selected" in attributes or self._select not in fields):
            fields[self._select] = attributes.get("value", "")
        elif tag == "input" and "name" in attributes:
            if attributes.get("type") in {"radio", "checkbox"} and "checked" not in attributes:
                return
            fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "button" and "name" in attributes:
            fields.setdefault(attributes["name"], attributes.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


class Shopper:
    """A shopper in one store, with cookies."""

    def __init__(self, client: httpx.AsyncClient, storefront_url: str) -> None:
        """Prepare a visit; no request is sent.

        Args:
            client: holds the cookies; one for each shopper.
            storefront_url: ``http://<slug>.localhost:8080``. Not every resolver knows ``*.localhost``, so requests go to
                the loopback address with that Host header.
        """
        self._client = client
        self._host = urlsplit(storefront_url).netloc
        self.url = storefront_url
        self.page = _Page()
        self.text = ""

    async def visit(self, address: str) -> None:
        """Open a page and follow redirects as a browser would."""
        await self._go("GET", urljoin(self.url, address), None)

    async def follow(self, prefix: str) -> None:
        """Click on the first link whose path begins with a prefix.

        Raises:
            UnexpectedPage: the page has no such link.
        """
        for link in self.page.links:
            if urlsplit(urljoin(self.url, link)).path.startswith(prefix):
                await self.visit(link)
                return
        raise UnexpectedPage(f"Page {self.url} has no link to {prefix}…")

    async def submit(self, action: str, /, **filled: str) -> None:
        """Fill in the form with this action and send it.

        Raises:
            UnexpectedPage: the page has no such form.
        """
        for form in self.page.forms:
            if form.method == "post" and urlsplit(urljoin(self.url, form.action or self.url)).path.startswith(action):
                await self._go("POST", urljoin(self.url, form.action or self.url), {**form.fields, **filled})
                return
        raise UnexpectedPage(f"Page {self.url} has no form for {action}.")

    async def _go(self, method: str, url: str, data: dict[str, str] | None) -> None:
        for _ in range(8):
            parts = urlsplit(url)
            headers = {}
            host = parts.hostname or ""
            target = url
            if host == "localhost" or host.endswith(".localhost"):
                # Python, Java and small containers do not resolve these names. All of them mean this machine.
                headers["host"] = parts.netloc
                target = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
            if method == "POST":
                headers["origin"] = f"{parts.scheme}://{parts.netloc}"
            async with naming(url):
                answer = await self._client.request(method, target, data=data, headers=headers, follow_redirects=False)
            self.url = url
            if not answer.is_redirect:
                if answer.status_code >= 400:
                    raise UnexpectedPage(f"{method} {url} answered with status {answer.status_code}.")
                self.page, self.text = _Page(), answer.text
                self.page.feed(answer.text)
                return
            url, method, data = urljoin(url, answer.headers["location"]), "GET", None
        raise UnexpectedPage(f"{url} redirects too often.")
