"""The event reference: complete, with working links and no external resources."""

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import httpx
import pytest
import yaml
from fastapi import FastAPI

from gateway import docs as pages
from gateway import problem_details as problems
from gateway.docs import event_reference
from schemas.contracts.json_schemas import json_schema
from schemas.registry import EVENTS


class Links(HTMLParser):
    """Collects ids, targets and the depth of open elements."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets |= {value for name, value in attrs if name in {"href", "src"} and value}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
async def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.state.gateway = SimpleNamespace(deps=SimpleNamespace(public_url=""))
    problems.install(app)
    app.include_router(pages.router)
    app.include_router(event_reference.router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example")


async def test_the_reference_has_every_event_with_its_meaning_fields_and_sample(client: httpx.AsyncClient) -> None:
    page = (await client.get("/events")).text
    for name, event in EVENTS.items():
        assert f'<article id="{event.__name__}">' in page
        assert f"<code>{name}</code>" in page
        for field in event.model_fields:
            assert f"<code>{field}</code>" in page
    assert "A shopper placed an order. It reserves stock and waits for payment." in page
    assert "&#34;intent_id&#34;: &#34;pi_sandbox_1&#34;" in page


async def test_links_have_targets_and_the_page_loads_nothing_external(client: httpx.AsyncClient) -> None:
    links = Links()
    links.feed((await client.get("/events")).text)
    assert links.open == []
    assert len(links.ids) == len(set(links.ids))
    for target in links.targets:
        if target.startswith("#"):
            assert target[1:] in links.ids
        else:
            assert (await client.get(target)).status_code == 200, target
    style = (await client.get("/events/catalog.css")).text
    assert not re.search(r"url\(|@import", style)


async def test_the_committed_schemas_and_asyncapi_are_served(client: httpx.AsyncClient) -> None:
    for name, event in list(EVENTS.items())[::9]:
        response = await client.get(f"/events/{name}.json")
        assert json.loads(response.text) == json_schema(event)
        assert response.headers["content-type"] == "application/schema+json"
    described = yaml.safe_load((await client.get("/asyncapi.yaml")).text)
    assert described["asyncapi"] == "3.0.0"
    assert (await client.get("/events/order.order_paid.v9.json")).status_code == 404
