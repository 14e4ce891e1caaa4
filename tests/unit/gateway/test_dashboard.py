"""The dashboard's documents, files and imports, without a server."""

import hashlib
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)
from jinja2 import Environment, FileSystemLoader, nodes
from markupsafe import escape
from starlette.requests import Request

from commands.ports import ConcurrencyConflict, StreamBusy
from gateway.api.client_errors import describe
from gateway.dashboard.app import area_routers
from gateway.dashboard.countries import code_of, codes_of, countries, names
from gateway.dashboard.formatting import sentence
from gateway.dashboard.forms import Form, check_origin
from gateway.dashboard.library import library
from gateway.dashboard.navigation import ACCOUNT, STORE, Navigation
from gateway.dashboard.pages.discounts import standing_of
from gateway.dashboard.parts import PartFailed, Unanswered, failures_of, without
from gateway.dashboard.problems import Problem, problem_of, refusals_of
from gateway.dashboard.rendering import HERE, Renderer
from gateway.dashboard.roles import Roles, documents_of
from gateway.dashboard.visit import own_path
from gateway.graphql.budgets import AUTHENTICATED, check_text
from gateway.graphql.limits import DocumentMeter
from gateway.graphql.schema import build_schema as our_schema
from projections.reading.consistency import Stale
from schemas.envelope import ConsistencyToken
from storefront.mail.account_writer import WORDS
from tests.support.dashboard_walk import routes
from tests.support.schema import published_schema

SCHEMA = published_schema()
VENDORS = (HERE / "static" / "vendor", Path(__file__).parents[2] / "support" / "vendor")
TEMPLATES = sorted(path.relative_to(HERE / "templates").as_posix() for path in (HERE / "templates").rglob("*.html"))
SOURCES = [path.read_text("utf-8") for path in sorted(HERE.rglob("*.py")) if path != HERE / "__init__.py"]


@pytest.mark.parametrize("name", library())
def test_a_document_is_one_valid_operation_within_the_limits_of_every_client(name: str) -> None:
    text = library()[name]
    document = parse(text)
    assert validate(SCHEMA, document) == []
    assert len([each for each in document.definitions if isinstance(each, OperationDefinitionNode)]) == 1
    assert text.startswith("# "), "A document begins with a comment that says what it is for."
    check_text(text, AUTHENTICATED)
    DocumentMeter(our_schema().graphql_schema).measure(document, AUTHENTICATED).check(AUTHENTICATED)


QUERY = """query Some($id: ID!, $days: Int!, $first: Int!) {
  store(id: $id) { sales(days: $days) { days { day } } orders(first: $first) { nodes { id shopper { name } } } }
}"""


@pytest.mark.parametrize(
    ("left_out", "left"),
    [
        (
            {("store", "sales")},
            "($id: ID!, $first: Int!) { store(id: $id) { orders(first: $first) { nodes { id shopper { name } } } } }",
        ),
        ({("store", "sales"), ("store", "orders")}, "($id: ID!) { store(id: $id) { __typename } }"),
        (
            {("store", "sales", "days"), ("store", "orders", "nodes", "shopper")},
            "($id: ID!, $days: Int!, $first: Int!) { store(id: $id) { sales(days: $days) { __typename } orders(first: $first) { nodes { id } } } }",
        ),
    ],
)
def test_a_query_without_a_part_asks_for_the_others(left_out: set[tuple[str, ...]], left: str) -> None:
    shorter = without(QUERY, frozenset(left_out))
    assert " ".join(shorter.split()) == f"query Some{left}"
    assert validate(SCHEMA, parse(shorter)) == []


@pytest.mark.parametrize(
    ("data", "path", "code", "part", "place"),
    [
        ({"store": None}, ["store", "orders", "nodes", 3, "total"], "INTERNAL", ("store", "orders"), None),
        (None, ["stores", "nodes", 0, "sales", "days"], "UNAVAILABLE", ("stores", "nodes", "sales"), None),
        (
            {"stores": {"nodes": [{"sales": None}]}},
            ["stores", "nodes", 0, "sales", "days"],
            "INTERNAL",
            ("stores", "nodes", "sales"),
            ("stores", "nodes", 0, "sales"),
        ),
    ],
)
def test_an_error_is_about_the_part_that_its_path_names(
    data: object, path: list[str | int], code: str, part: tuple[str, ...], place: tuple[str | int, ...] | None
) -> None:
    error = {"message": "It failed.", "path": path, "extensions": {"code": code}}
    failures = failures_of({"data": data, "errors": [error]})
    assert failures is not None
    assert [(each.part, each.place) for each in failures] == [(part, place)]
    # The visitor's address, and what has no path or only a root, concern the whole page.
    for changes in ({"extensions": {"code": "NOT_FOUND"}}, {"path": path[:1]}, {"path": None}):
        assert failures_of({"data": data, "errors": [{**error, **changes}]}) is None


def test_every_use_of_what_could_not_be_read_stops_its_part() -> None:
    gap = Unanswered(Problem("INTERNAL", "It failed."))
    uses: list[Callable[[], object]] = [
        lambda: bool(gap), lambda: str(gap), lambda: list(gap), lambda: gap["a"], lambda: gap.a, lambda: len(gap),
        lambda: "a" in gap, lambda: gap == 1, lambda: gap + 1, lambda: float(gap), lambda: escape(gap),
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(PartFailed):
            use()


def test_no_message_for_programs_reaches_a_person() -> None:
    errors: list[Exception] = [
        ConnectionResetError(),
        ConcurrencyConflict("an order"),
        StreamBusy("an order", retry_after=2),
        Stale(ConsistencyToken(0, 1)),
    ]
    for error in errors:
        refusal = describe(error)
        assert refusal is not None
        said = problem_of({"message": refusal.message, "extensions": {"code": refusal.code}}).message
        assert not re.search("request|read model|consistency", said)


def test_every_document_is_used_and_every_used_one_exists() -> None:
    named = {name for source in SOURCES for name in re.findall(r'"([a-z_]+/[a-z_]+)"', source)}
    called = {
        name for source in SOURCES for name in re.findall(r'(?:run|change|answer)\((?:visit, )?\s*"([^"]+)"', source)
    }
    assert called <= set(library())
    assert set(library()) <= named


def test_every_list_of_a_page_has_pages_but_those_named_here() -> None:
    """A document that asks for a connection without a variable for its page shows no more than one page of it."""
    assert {(name, field) for name, text in library().items() for field in fixed_parts(text)} == {
        # The pages name how many there are, and link to the whole list.
        ("overview/home", "stores"),
        ("new/progress", "products"),
        ("new/progress", "pages"),
        ("new/progress", "logs"),
        # Choices of a filter. Beyond them, a category can be typed, and a store's own page leads to its jobs.
        ("products/list", "categories"),
        ("jobs/list", "stores"),
        # The page has a search.
        ("orders/alternatives", "products"),
        # How many people there are, and the names of all keys: an account has at most 50.
        ("team/stores", "peopleConnection"),
        ("activity/account", "apiKeysConnection"),
        # It leads a new merchant into the wizard.
        ("session/first_store", "stores"),
        # The newest event before a moment: the banner of a past page names it.
        ("past/moment", "events"),
    }


def fixed_parts(document: str) -> list[str]:
    """Return the connections of a document whose page is not a variable."""
    info, found = TypeInfo(SCHEMA), list[str]()

    class Connections(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            kind = info.get_type()
            if kind is not None and get_named_type(kind).name.endswith("Connection"):
                first = [each.value for each in node.arguments or () if each.name.value == "first"]
                if not first or not isinstance(first[0], VariableNode):
                    found.append(node.name.value)

    visit(parse(document), TypeInfoVisitor(info, Connections()))
    return found


@pytest.mark.parametrize("folder", VENDORS, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_those_of_the_named_release(folder: Path) -> None:
    packages = tomllib.loads((folder / "packages.toml").read_text("utf-8"))
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(packages)
    for name, package in packages.items():
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / name).iterdir()}
        assert digests == package["sha256"], name
        assert "LICENSE" in digests


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_inline_script_or_style_and_no_text_past_the_escaping(name: str) -> None:
    text = (HERE / "templates" / name).read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "The Content-Security-Policy refuses inline scripts."
    assert not re.search(r"<style|\bstyle\s*=|\son[a-z]+\s*=\s*[\"']|hx-on|hx-vals=.js|javascript:", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_posts_has_a_token(name: str) -> None:
    text = (HERE / "templates" / name).read_text("utf-8")
    for form in re.findall(r"<form\b[^>]*post[^>]*>.*?</form>", text, re.DOTALL | re.IGNORECASE):
        assert re.search(r"\bcsrf\(", form)


def test_every_form_of_a_store_says_which_mutations_it_sends() -> None:
    posts = {
        route.path: documents_of(route.endpoint)
        for router in area_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ()) and "{store_id" in route.path
    }
    silent = [path for path, sent in posts.items() if not sent or not sent <= set(library())]
    assert silent == []


def test_forms_that_a_role_may_not_send_are_switched_off_with_what_opens_them() -> None:
    needs = {"orders/ship": "EDITOR", "orders/refund": "OWNER", "products/add": "EDITOR"}
    roles = Roles(
        [route for router in area_routers() for route in router.routes], lambda name: needs.get(name, "VIEWER")
    )
    order = f"/dashboard/stores/{uuid4()}/orders/{uuid4()}"
    page = (
        f'<form method="post" action="{order}/ship"><button>Ship</button></form>'
        '<button popovertarget="pay">Refund</button><div id="pay" class="dialog" popover><div><h2>Refund</h2></div>'
        f'<form method="post" action="{order}/refund" id="back"><button>Yes</button></form></div>'
        '<button form="back">Back</button><form method="get" action="/dashboard/stores"><button>Find</button></form>'
        f'<a class="button" href="/dashboard/stores/{uuid4()}/products/new">Add</a>'
    )
    assert roles.switch_off(page, "OWNER", {}) == page
    editor, viewer = roles.switch_off(page, "EDITOR", {}), roles.switch_off(page, "VIEWER", {})
    assert '<button popovertarget="pay" disabled>Refund' in editor
    assert '<button form="back" disabled>Back' in editor
    assert 'title="Only the owner of the store may do this."><button>Yes' in editor
    assert 'action="' + order + '/ship"><button>Ship' in editor
    assert 'title="Your role in this store is viewer."><button>Ship' in viewer
    assert "<button>Find" in viewer
    assert '/products/new">Add' in editor
    off = '<a class="button" role="link" aria-disabled="true" title="{}">Add'
    assert off.format("Your role in this store is viewer.") in viewer
    assert off.format("Nothing can be changed in the past.") in roles.freeze(page)
    assert "<button>Find" in roles.freeze(page)


def test_every_template_that_is_named_exists() -> None:
    environment = Environment(loader=FileSystemLoader(HERE / "templates"))
    for name in TEMPLATES:
        tree = environment.parse((HERE / "templates" / name).read_text("utf-8"))
        for node in tree.find_all((nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)):
            template = getattr(node, "template", None)
            if isinstance(template, nodes.Const):
                assert template.value in TEMPLATES, name
    for source in SOURCES:
        for named in re.findall(r'(?:page|render)\(\s*"([^"]+\.html)"', source):
            assert named in TEMPLATES


def test_every_template_compiles_with_the_filters_of_the_renderer() -> None:
    environment = Renderer([])._templates
    for name in TEMPLATES:
        environment.get_template(name)


def test_mails_about_an_account_lead_to_pages_that_exist() -> None:
    pages = {str(words["page"]) for words in tomllib.loads(WORDS.read_text()).values() if "page" in words}
    assert len(pages) > 3
    assert {page for page in pages if f"/dashboard/{page}" not in routes()} == set()


def test_the_navigation_leads_only_to_pages_that_exist() -> None:
    paths = {route.path for router in area_routers() for route in router.routes if isinstance(route, APIRoute)}
    navigation = Navigation(paths)
    shown = {link.href for _, links in navigation.account("/dashboard") for link in links}
    assert "/dashboard" in shown
    assert shown <= paths
    assert Navigation([]).store("/dashboard", "x") == []
    everything = {entry.path for group in (*ACCOUNT, *STORE) for entry in group.entries}
    links = Navigation(everything).store("/dashboard/stores/7/products/9", "7")
    assert [link.label for _, group in links for link in group if link.current] == ["Products"]


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/dashboard", True),
        ("/dashboard/stores?after=x", True),
        ("/dashboardx", False),
        ("//evil.example", False),
        ("/dashboard\\@evil", False),
        ("/dashboard/\r\nset-cookie: a=b", False),
        ("https://evil.example/dashboard", False),
        (None, False),
        ("", False),
    ],
)
def test_a_visitor_is_led_only_to_pages_of_the_dashboard(path: str | None, safe: bool) -> None:
    assert own_path(path) == (path if safe else "/dashboard")


def test_a_refusal_is_shown_once_beside_its_field_or_above_the_form() -> None:
    errors = refusals_of(
        {
            "userErrors": [
                {"code": "A", "message": "one", "field": "price.amount"},
                {"code": "B", "message": "two", "field": ["title"]},
                {"code": "C", "message": "three", "field": None},
            ]
        }
    )
    assert errors.of("price") == ["one"]
    assert errors.of("title") == ["two"]
    assert errors.others("price") == ["two", "three"]
    assert errors.others("price", "title") == ["three"]
    assert not refusals_of({"userErrors": []})


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("code is wrong. Wait for the next code.", "Code is wrong. Wait for the next code."),
        ("sellingPrice cannot be -1.", "Selling price cannot be -1."),
        ("Somebody else changed the page.", "Somebody else changed the page."),
        ("'x' is not a count.", "'x' is not a count."),
        ("zones.0.countries cannot be empty.", "Countries cannot be empty."),
        ("Invalid zones.0.bands.0.price 'x'. Use digits.", "Invalid price 'x'. Use digits."),
        ("Invalid vatId 'DE1' for DE.", "Invalid VAT ID 'DE1' for DE."),
        ("name has 0 characters. Use 1 to 60.", "Name is empty. Use 1 to 60 characters."),
        ("secretKey cannot be used.", "Restricted key cannot be used."),
        ("Invalid slug “!!!”. Use letters.", "Invalid address “!!!”. Use letters."),
        (
            "Invalid timeZone 'X'. Use an IANA name such as Europe/Berlin.",
            "Invalid time zone 'X'. Choose one of the list, such as Europe/Berlin.",
        ),
        (
            "Invalid country 'XX'. Use an ISO 3166 code of two letters, such as DE.",
            "Invalid country 'XX'. Use its name or two letters, such as Germany or DE.",
        ),
    ],
)
def test_an_error_of_the_api_is_shown_as_a_sentence(message: str, shown: str) -> None:
    assert sentence(message) == shown


def test_countries_are_written_as_names_or_codes_and_shown_as_names() -> None:
    assert codes_of("Germany, at; CH fr\nCôte d'Ivoire, Germany") == ["DE", "AT", "CH", "FR", "CI"]
    assert [code_of(text) for text in (" united  states ", "us", "Atlantis")] == ["US", "US", "ATLANTIS"]
    assert countries(codes_of(countries(names()))) == countries(names())


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "Active"),
        ({"paused": True}, "Paused"),
        ({"startsAt": "2026-12-02T00:00:00+00:00"}, "Not begun yet"),
        ({"endsAt": "2026-12-01T00:00:00+00:00", "paused": True}, "Ended"),
        ({"mostUses": 2, "used": 2}, "Used up"),
    ],
)
def test_a_discount_code_says_whether_it_counts_now(changes: dict[str, object], standing: str) -> None:
    code = {"startsAt": None, "endsAt": None, "mostUses": None, "used": 0, "paused": False} | changes
    assert standing_of(code, at=datetime(2026, 12, 1, tzinfo=UTC))[0] == standing


def test_an_empty_form_has_empty_texts() -> None:
    form = Form()
    assert (form["title"], form.text("title"), form.texts("ids"), form.checked("on")) == ("", None, [], False)


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"host": "zyenta.example"}, True),
        ({"host": "zyenta.example", "origin": "https://zyenta.example"}, True),
        ({"host": "10.0.0.7:8000", "origin": "https://zyenta.example"}, True),
        ({"host": "zyenta.example", "origin": "https://zyenta.example:444"}, False),
        ({"host": "zyenta.example", "origin": "https://evil.example"}, False),
        ({"host": "zyenta.example", "origin": "null"}, False),
        ({"host": "zyenta.example", "sec-fetch-site": "same-site"}, False),
        ({"host": "zyenta.example", "sec-fetch-site": "same-origin"}, True),
    ],
)
def test_only_pages_of_the_dashboard_may_send_forms(headers: dict[str, str], accepted: bool) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "path": "/dashboard", "headers": raw, "query_string": b""})
    if accepted:
        check_origin(request, "zyenta.example")
    else:
        with pytest.raises(Problem):
            check_origin(request, "zyenta.example")
