"""The demo succeeds only if every promise is met."""

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
        "publicationBlockers": [
            {"code": "NO_BUSINESS_IDENTITY", "mutation": "setBusinessIdentity", "blocks": True},
            {"code": "NO_MANUFACTURER", "mutation": "editProduct", "blocks": False},
        ],
        "jobs": [],
    } | changes


def outcome_of(shown: dict[str, Any]) -> Outcome:
    outcome = Outcome(order={"status": "PAID"}, log_verified=True)
    outcome.take(shown)
    return outcome


def test_a_complete_published_store_has_no_problems() -> None:
    assert outcome_of(store()).problems() == []


def test_what_blocks_real_sales_is_named_with_the_mutation_that_fixes_it() -> None:
    assert outcome_of(store()).blockers == {"NO_BUSINESS_IDENTITY": "setBusinessIdentity"}


def test_a_product_may_lack_an_image_only_if_all_its_images_were_rejected_with_a_reason() -> None:
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
    assert outcome.problems() == ["images: no image and no rejection reason for None, Waiting, Unexplained"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": "PENDING_REVIEW"}, "store: status is PENDING_REVIEW, expected ACTIVE"),
        ({"scouting": {"candidates": 99}}, "candidates: 99, expected at least 100"),
        ({"products": {"totalCount": 4, "edges": []}}, "products: 4, expected at least 5"),
        ({"pages": {"totalCount": 5}}, "pages: 5, expected at least 6"),
    ],
)
def test_each_unmet_promise_is_reported(changes: dict[str, Any], problem: str) -> None:
    assert problem in outcome_of(store(**changes)).problems()


def test_a_run_without_results_meets_no_promise() -> None:
    problems = Outcome().problems()
    assert "store: status is unknown, expected ACTIVE" in problems
    assert "order: status is unknown, expected PAID" in problems
    assert "log: event store and topic differ" in problems
