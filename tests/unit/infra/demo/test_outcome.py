"""The demonstration held only if everything it promises did."""

from typing import Any

import pytest

from infra.demo.outcome import Outcome


def product(*images: tuple[str, str | None], title: str = "Pot") -> dict[str, Any]:
    return {"title": title, "images": [{"status": status, "rejection": reason} for status, reason in images]}


def store(*products: dict[str, Any], **changes: Any) -> dict[str, Any]:
    shown = products or (product(("PROCESSED", None)),)
    return {
        "name": "Fern & Clay",
        "url": "http://fern.localhost:8080",
        "status": "ACTIVE",
        "scouting": {"candidates": 150},
        "products": {"totalCount": 15, "edges": [{"node": one} for one in shown]},
        "pages": {"totalCount": 6},
        "jobs": [],
    } | changes


def outcome_of(shown: dict[str, Any]) -> Outcome:
    outcome = Outcome(order={"status": "PAID"}, log_verified=True)
    outcome.take(shown)
    return outcome


def test_a_published_store_with_all_it_needs_has_no_problems() -> None:
    assert outcome_of(store()).problems() == []


def test_a_product_may_have_no_image_only_if_all_of_its_own_were_rejected_with_a_reason() -> None:
    processed = product(("PROCESSED", None), ("REQUESTED", None))
    rejected = product(("REJECTED", "TOO_SMALL"), ("REJECTED", "NOT_FOUND"))
    assert outcome_of(store(processed, rejected)).problems() == []
    outcome = outcome_of(
        store(
            processed,
            product(title="None"),
            product(("REQUESTED", None), ("REJECTED", "TOO_SMALL"), title="Waiting"),
            product(("REJECTED", None), title="Unexplained"),
        )
    )
    assert outcome.products_without_image == ["None", "Waiting", "Unexplained"]
    assert outcome.problems() == ["neither an image nor a reason for having none: None, Waiting, Unexplained"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": "PENDING_REVIEW"}, "the store is PENDING_REVIEW, not published"),
        ({"scouting": {"candidates": 99}}, "99 candidates were weighed, not 100"),
        ({"products": {"totalCount": 14, "edges": []}}, "14 products were imported, not 15"),
        ({"pages": {"totalCount": 5}}, "5 pages were written, not 6"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, Any], problem: str) -> None:
    assert problem in outcome_of(store(**changes)).problems()


def test_of_a_run_that_came_to_nothing_nothing_held() -> None:
    problems = Outcome().problems()
    assert "the store is not there, not published" in problems
    assert "the order is not there, not PAID" in problems
    assert "event store and topic differ" in problems
