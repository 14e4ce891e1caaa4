"""Costs of operations and their budgets, trusted documents, and the switch of introspection."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLError

from gateway.dashboard.library import library
from gateway.graphql.answer_size import AnswerMeter
from gateway.graphql.context import RequestContext
from gateway.graphql.documents import DocumentAdmission, DocumentRejected, IntrospectionDisabled
from gateway.graphql.persisted_queries import PersistedQueries
from gateway.graphql.query_costs import KNOWN_MOST, NETWORK, PERSON, QueryCosts
from gateway.graphql.schema import build_schema
from gateway.trusted_documents import DocumentNotTrusted, TrustedDocuments, read_trusted_documents, sha256
from tests.support.schema import served_schema

LIST = "query ($first: Int) { stores(first: $first) { nodes { id name } } }"


class Caller:
    def __init__(self, person: object = None) -> None:
        self.person = person

    async def visitor(self, _authorization: str | None) -> object:
        return self.person

    def token_owner(self, _authorization: str | None) -> Any:
        return self.person

    def key_scopes(self, _authorization: str | None) -> None:
        return None


def context(person: object, points: dict[Any, Any], *, factor: float = 1, introspection: bool = True) -> RequestContext:
    deps = SimpleNamespace(rate_factor=factor, introspection=introspection)
    services: Any = SimpleNamespace(deps=deps, sessions=Caller(person), points_left=points)
    info: Any = SimpleNamespace(authorization="Bearer x", consistency=None, address="192.0.2.1", traceparent=None)
    return RequestContext(services, info)


def test_an_operation_costs_the_fields_of_its_answer_and_a_budget_fills_up_again() -> None:
    now, person = [0.0], uuid4()
    points: dict[Any, Any] = {}
    costs, document = (
        QueryCosts(served_schema()._schema, now=lambda: now[0]),
        DocumentAdmission(served_schema()._schema).admit(LIST, None),
    )
    first = costs.charge(document, {"first": 10}, context(person, points))
    assert first is not None
    assert first.requested == AnswerMeter(served_schema()._schema).measure(document.document, {"first": 10}) > 20
    assert first.remaining == PERSON.most - first.requested
    larger = costs.charge(document, {"first": 100}, context(person, points))
    assert larger is not None
    assert larger.requested > first.requested
    now[0] = 1.0
    again = costs.charge(document, {"first": 10}, context(person, points))
    assert again is not None
    assert again.remaining == PERSON.most - again.requested


def test_a_used_budget_is_refused_with_the_time_to_wait_and_is_each_callers_own() -> None:
    now, person = [0.0], uuid4()
    points: dict[Any, Any] = {}
    costs, document = (
        QueryCosts(served_schema()._schema, now=lambda: now[0]),
        DocumentAdmission(served_schema()._schema).admit(LIST, None),
    )
    points[person] = 5.0, 0.0
    with pytest.raises(GraphQLError) as refused:
        costs.charge(document, {"first": 100}, context(person, points))
    assert refused.value.extensions == {"code": "TOO_MANY_REQUESTS", "retryAfter": 1}
    assert points[person] == (5.0, 0.0)
    assert costs.charge(document, {"first": 100}, context(uuid4(), points)) is not None
    stranger = costs.charge(document, {}, context(None, points))
    assert stranger is not None
    assert stranger.budget == NETWORK.most
    now[0] = 1.0
    assert costs.charge(document, {"first": 100}, context(person, points)) is not None


def test_the_costs_that_are_kept_for_a_text_are_few_however_many_sizes_it_is_sent_with() -> None:
    costs, document = QueryCosts(served_schema()._schema), DocumentAdmission(served_schema()._schema).admit(LIST, None)
    for first in range(3 * KNOWN_MOST):
        assert costs.cost_of(document, {"first": first}) == QueryCosts(served_schema()._schema).cost_of(
            document, {"first": first}
        )
        assert 0 < len(document.costs) <= KNOWN_MOST


def test_nothing_is_charged_where_nothing_is_limited() -> None:
    points: dict[Any, Any] = {}
    assert (
        QueryCosts(served_schema()._schema).charge(
            DocumentAdmission(served_schema()._schema).admit(LIST, None), {}, context(uuid4(), points, factor=0)
        )
        is None
    )
    assert points == {}


@pytest.mark.parametrize(
    "query", ["{ __schema { queryType { name } } }", '{ me { id } __type(name: "User") { name } }']
)
def test_introspection_can_be_switched_off(query: str) -> None:
    admission = DocumentAdmission(served_schema()._schema)
    admission.admit(query, context(uuid4(), {}))
    with pytest.raises(DocumentRejected) as refused:
        admission.admit(query, context(uuid4(), {}, introspection=False))
    assert isinstance(refused.value.errors[0], IntrospectionDisabled)
    admission.admit("{ me { __typename id } }", context(uuid4(), {}, introspection=False))


UNKNOWN = {
    "{ me { mail } }": "email",
    "{ stores { nodes { ...X } } } fragment X on Shore { id }": "Store",
    '{ store(ids: "1") { id } }': "'id'",
    "{ stores(filter: {statuses: [ACTIVATE]}) { totalCount } }": "ACTIVE",
    "{ stores(filter: {status: [ACTIVE]}) { totalCount } }": "statuses",
    "{ node(id: 1) { slug } }": "Product",
}
"""Documents with a mistake, and a name that the library proposes."""


@pytest.mark.parametrize("query", UNKNOWN)
def test_without_introspection_no_error_proposes_a_name(query: str) -> None:
    for shown in (True, False):
        with pytest.raises(DocumentRejected) as refused:
            DocumentAdmission(served_schema()._schema).admit(query, context(uuid4(), {}, introspection=shown))
        message = " ".join(error.message for error in refused.value.errors)
        assert ("Did you mean" in message or "Use one of" in message) is shown
        assert shown or UNKNOWN[query] not in message.replace("StoreFilter", "").replace("StoreStatus", "")


async def test_without_introspection_no_error_about_a_variable_proposes_a_name() -> None:
    query = "query ($filter: StoreFilter) { stores(filter: $filter) { totalCount } }"
    for shown in (True, False):
        answer = await build_schema().execute(
            query,
            variable_values={"filter": {"statuses": ["ACTIVATE" * 1_000]}},
            context_value=context(uuid4(), {}, factor=0, introspection=shown),
        )
        assert answer.errors is not None
        (error,) = answer.errors
        assert ("Use one of: CREATING, PENDING_REVIEW, ACTIVE, PAUSED, ARCHIVED." in error.message) is shown
        assert error.message.startswith("Variable '$filter' has invalid value")
        assert len(error.message) < 400


def persisted(digest: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


def test_only_documents_of_the_list_run_by_text_or_by_hash_and_the_dashboards_are_in_it(tmp_path: Path) -> None:
    listed = tmp_path / "documents.json"
    listed.write_text(json.dumps({sha256(LIST): LIST}))
    queries, owner = PersistedQueries(read_trusted_documents(listed)), uuid4()
    for text in (LIST, *library().values()):
        assert queries.resolve(text, None, owner) == text
        assert queries.resolve(None, persisted(sha256(text)), owner) == text
    other = "{ me { id } }"
    for query, extensions in ((other, None), (other, persisted(sha256(other))), (None, persisted(sha256(other)))):
        with pytest.raises(DocumentNotTrusted):
            queries.resolve(query, extensions, owner)
    assert PersistedQueries().resolve(other, None, owner) == other


@pytest.mark.parametrize("text", ["[]", json.dumps({"0" * 64: LIST}), json.dumps({sha256(LIST): 1})])
def test_a_list_that_is_wrong_stops_the_start(tmp_path: Path, text: str) -> None:
    listed = tmp_path / "documents.json"
    listed.write_text(text)
    with pytest.raises(ValueError, match=r"documents\.json"):
        read_trusted_documents(listed)


def test_the_list_always_has_the_dashboards_documents() -> None:
    assert len(TrustedDocuments()) == len(set(library().values())) > 20
