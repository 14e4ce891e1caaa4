"""What the gateway offers to frontend developers: reference, schema, TypeScript client, quick start, viewer."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from graphql import build_schema

from gateway import docs, problem_details
from gateway.docs import error_catalog, reference
from gateway.docs.typescript import client, generate
from gateway.graphql.schema import build_schema as served_schema
from gateway.graphql.schema import sdl

SCHEMA = build_schema(
    """
    scalar Decimal
    enum Mood { CALM WILD }
    interface Node { id: ID! }
    input LampInput { mood: Mood!, "Watts." watts: Int = 5, old: String @deprecated(reason: "Use watts.") }
    type Lamp implements Node { id: ID!, price: Decimal, mood: Mood!, twin: Lamp, twins: [Lamp!]! }
    type Room implements Node { id: ID!, name: String! }
    type Query { lamp(id: ID!): Lamp, node(id: ID!): Node }
    type Mutation { buy(input: LampInput!): Lamp }
    """
)


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problem_details.install(app)
    for module in (docs, error_catalog, reference):
        app.include_router(module.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


def declared(documents: dict[str, str]) -> dict[str, str]:
    """Return the types that a generated client declares."""
    return dict(re.findall(r"^export type (\w+) = (.+);$", generate(SCHEMA, documents), re.MULTILINE))


def test_a_document_gets_the_types_of_its_variables_and_answer() -> None:
    text = """
    query Q($id: ID!, $deep: Boolean! = false, $moods: [Mood!]) {
      first: lamp(id: $id) { ...L twin @include(if: $deep) { mood } twins { id } }
    }
    fragment L on Lamp { price mood }
    """
    types = declared({"lamps/one": text})
    assert types["LampsOneVariables"] == "{ id: string; deep?: boolean; moods?: Array<Mood> | null }"
    lamp = "{ price: Decimal | null; mood: Mood; twin?: { mood: Mood } | null; twins: Array<{ id: string }> }"
    assert types["LampsOneAnswer"] == f"{{ first: {lamp} | null }}"
    assert types["Mood"] == '"CALM" | "WILD"'
    assert types["Decimal"] == "string"


def test_an_abstract_type_is_one_of_its_objects() -> None:
    text = "query N($id: ID!) { node(id: $id) { __typename id ... on Room { name } } }"
    node = '({ __typename: "Lamp"; id: string } | { __typename: "Room"; id: string; name: string })'
    assert declared({"node": text})["NodeAnswer"] == f"{{ node: {node} | null }}"


def test_inputs_say_what_may_be_left_out_and_what_is_deprecated() -> None:
    text = generate(SCHEMA, {})
    assert "  mood: Mood;\n  /** Watts. */\n  watts?: number | null;\n  /** @deprecated Use watts. */\n" in text


def test_the_client_has_every_input_and_document_and_names_nothing_twice() -> None:
    text = client()
    names = re.findall(r"^export (?:type|interface|class|const) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert {"Client", "GatewayError", "ordersList", "RefundOrderInput", "OrdersListAnswer", "ExamplesWatchAnswer"} <= {
        *names
    }
    constants = re.findall(r"^export const .*", text, re.MULTILINE)
    # Text alone: a bundler may leave out each that a page does not import.
    assert all(
        re.fullmatch(r'export const \w+ = "([^"\\]|\\.)*" as unknown as Document<\w+, \w+>;', each)
        for each in constants
    )
    assert len(constants) == sum("Answer" in name for name in names)


async def test_schema_and_client_are_files_to_download(browser: httpx.AsyncClient) -> None:
    for path, text in (("/schema.graphql", sdl()), ("/client.ts", client())):
        answer = await browser.get(path)
        assert answer.text == text
        assert answer.headers["content-disposition"] == f'attachment; filename="{path[1:]}"'


async def test_the_reference_has_a_page_for_every_type_with_all_of_its_fields(browser: httpx.AsyncClient) -> None:
    index = (await browser.get("/reference")).text
    for name, type in reference.types().items():
        assert f'href="/reference/{name}"' in index, name
        page = await browser.get(f"/reference/{name}")
        assert page.status_code == 200
        for field in type.fields:
            assert f'id="{field.name}"' in page.text, (name, field.name)
            assert (field.deprecation is not None) == (f'id="{field.name}"' in _deprecated(page.text)), field.name
    assert len(reference.types()) == len([name for name in served_schema().graphql_schema.type_map if name[:2] != "__"])
    assert (await browser.get("/reference/Nothing")).status_code == 404
    listed = index.partition('id="deprecated"')[2]
    assert "The next release after that may remove it." in listed
    assert listed.count("<dt>") == sdl().count("@deprecated(") == len(reference.deprecated()) > 10


def _deprecated(page: str) -> str:
    return "".join(
        article
        for article in page.split("<article ")[1:]
        if "<strong>Deprecated.</strong>" in article.split("<table>")[0]
    )


async def test_the_search_finds_places_by_all_words_and_shows_what_was_typed_as_text(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/reference", params={"q": "order refund"})).text
    assert 'href="/reference/Mutation#refundOrder"' in page
    assert page.index("Mutation.refundOrder") < page.index("</dl>")
    script = (await browser.get("/reference", params={"q": "<script>alert(1)</script>"})).text
    assert "<script>" not in script
    assert "Nothing found for “&lt;script&gt;alert(1)&lt;/script&gt;”" in script
    assert (await browser.get("/reference", params={"q": "x" * 101})).status_code == 422


def test_the_live_subscription_has_at_most_20_lines() -> None:
    assert (docs.QUICK_START / "live.mjs").read_text("utf-8").count("\n") <= 20


async def test_no_page_loads_anything_from_elsewhere_or_has_inline_scripts(browser: httpx.AsyncClient) -> None:
    for path in ("/api", "/errors", "/reference", "/reference/Query"):
        page = (await browser.get(path)).text
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), path
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=", page), path
        for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page):
            assert (await browser.get(address)).status_code == 200, address
