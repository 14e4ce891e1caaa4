"""Which changes of an event are refused, reported or ignored, and what export and check do about them."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field

from domain.kernel import DomainEvent, Value
from domain.money import Money
from schemas.contracts.committed import Contracts, export, review
from schemas.contracts.compatibility import Finding, compare
from schemas.contracts.json_schemas import json_schema
from schemas.registry import EVENTS
from schemas.upcasters import Upcaster

NAME = "order.order_wrapped.v1"


class Paper(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class RedPaper(StrEnum):
    RED = "RED"


class MorePaper(StrEnum):
    RED = "RED"
    BLUE = "BLUE"
    GOLD = "GOLD"


class Ribbon(Value):
    length_cm: int
    colour: str = "red"


class RibbonWithoutColour(Value):
    length_cm: int


class Wrapped(DomainEvent, wire_name=NAME):
    """Somebody wrapped it."""

    store_id: UUID
    paper: Paper
    ribbons: list[Ribbon]
    note: str | None = None
    layers: int = 1
    weights: dict[str, int] = {}
    size: tuple[int, int]
    label: Annotated[str, Field(min_length=2, max_length=40)]
    sheets: int


def altered(**fields: Any) -> type[DomainEvent]:
    """Return the event with some fields changed, added, or (None) taken away."""
    annotations = {name: info.annotation for name, info in Wrapped.model_fields.items()}
    namespace: dict[str, Any] = {
        name: info.default for name, info in Wrapped.model_fields.items() if not info.is_required()
    }
    annotations["label"] = Wrapped.__annotations__["label"]
    for name, field in fields.items():
        namespace.pop(name, None)
        annotations.pop(name, None)
        if field is None:
            continue
        kind, *default = field if isinstance(field, tuple) else (field,)
        annotations[name] = kind
        if default:
            namespace[name] = default[0]
    namespace |= {"__annotations__": annotations, "__module__": __name__, "__qualname__": "Wrapped"}
    return type("Wrapped", (DomainEvent,), namespace, wire_name=NAME)


def findings(after: type[DomainEvent], before: type[DomainEvent] = Wrapped) -> list[Finding]:
    return compare(NAME, json_schema(before), json_schema(after))


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"note": None}, "note", "gone"),
        ({"sheets": None}, "sheets", "gone"),
        ({"gift": str}, "gift", "new and required"),
        ({"layers": int}, "layers", "default is gone"),
        ({"layers": (int, 2)}, "layers", "default was 1 and is 2"),
        ({"note": (str, "none")}, "note", "could be null"),
        ({"sheets": str}, "sheets", "could be an integer and may only be text"),
        ({"sheets": float}, "sheets", "a number now"),
        ({"sheets": (int | None, None)}, "sheets", "may be null now"),
        ({"store_id": str}, "store_id", "may be text now"),
        ({"sheets": datetime}, "sheets", "date-time"),
        ({"paper": RedPaper}, "paper", "BLUE may no longer stand in it"),
        ({"paper": str}, "paper", "Anything may stand in it"),
        ({"label": Paper}, "label", "Only RED, BLUE"),
        ({"ribbons": list[RibbonWithoutColour]}, "ribbons[].colour", "gone"),
        ({"ribbons": list[str]}, "ribbons[]", "could be an object"),
        ({"ribbons": Ribbon}, "ribbons", "could be a list"),
        ({"weights": (dict[str, str], {})}, "weights{}", "could be an integer"),
        ({"size": tuple[int, int, int]}, "size", "another kind of list"),
        ({"size": tuple[int, str]}, "size[1]", "could be an integer"),
        ({"size": list[int]}, "size", "another kind of list"),
        ({"label": Annotated[str, Field(min_length=2, max_length=20)]}, "label", "maxLength was 40 and is 20"),
        ({"label": Annotated[str, Field(min_length=3, max_length=40)]}, "label", "minLength was 2 and is 3"),
        ({"sheets": Annotated[int, Field(ge=0)]}, "sheets", "minimum was not limited and is 0"),
        (
            {"label": Annotated[str, Field(min_length=2, max_length=40, pattern="^[a-z]+$")]},
            "label",
            "pattern was not limited",
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_what_breaks_readers_or_old_data_is_refused(change: Mapping[str, Any], field: str, why: str) -> None:
    found = [finding for finding in findings(altered(**change)) if finding.refused]
    assert {(finding.event, finding.field) for finding in found} == {(NAME, field)}
    assert any(why in finding.why for finding in found)
    assert all("…v2" in finding.remedy and "upcasters" in finding.remedy for finding in found)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gift": (str, "")}, "gift"),
        ({"paper": MorePaper}, "paper"),
        ({"label": Annotated[str, Field(min_length=1, max_length=40)]}, "label"),
        ({"label": Annotated[str, Field(min_length=2, max_length=80)]}, "label"),
        ({"label": Annotated[str, Field(min_length=2)]}, "label"),
    ],
    ids=["an optional field", "one more value", "a lower minimum", "a higher maximum", "no maximum"],
)
def test_a_change_that_only_widens_is_reported_and_allowed(change: Mapping[str, Any], field: str) -> None:
    (told,) = findings(altered(**change))
    assert (told.refused, told.field, told.remedy) == (False, field, "")


def test_a_field_that_gets_a_default_and_other_words_are_no_change() -> None:
    assert findings(altered(sheets=(int, 4))) == []
    assert findings(Wrapped) == []


def contracts(*events: type[DomainEvent], upcasters: Mapping[str, Upcaster] | None = None) -> Contracts:
    return Contracts(
        events={event.wire_name: event for event in events},
        upcasters=upcasters or {},
        graphql="type Query { a: Int }\n",
    )


PLACED, PAID = EVENTS["order.order_placed.v1"], EVENTS["order.order_paid.v1"]
CANCELLED = EVENTS["order.order_cancelled.v1"]


class PaidWithoutFee(DomainEvent, wire_name=PAID.wire_name):
    """The fee is gone."""

    intent_id: str
    account_id: str | None = None
    fee_is_owed: bool = False
    tax: Money | None = None


def test_a_first_export_writes_everything_and_a_second_nothing(tmp_path: Path) -> None:
    _, written = export(contracts(PLACED, PAID), tmp_path)
    assert "events/order.order_paid.v1.json" in written
    assert "samples/order.order_paid.v1.json" in written
    assert review(contracts(PLACED, PAID), tmp_path).good
    assert export(contracts(PLACED, PAID), tmp_path)[1] == []


def test_an_export_that_would_break_readers_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    export(contracts(PLACED, PAID), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    found, written = export(contracts(PLACED, PaidWithoutFee), tmp_path)
    assert written == []
    assert {finding.field for finding in found.refused} == {"amount", "platform_fee", ""}
    assert any("sample no longer decodes" in finding.why for finding in found.refused)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_an_event_may_not_be_removed_unless_an_upcaster_says_what_it_becomes(tmp_path: Path) -> None:
    export(contracts(PLACED, PAID), tmp_path)
    (gone, *_) = review(contracts(PLACED), tmp_path).refused
    assert (gone.event, "The event is gone" in gone.why) == ("order.order_paid.v1", True)
    becomes = {"order.order_paid.v1": Upcaster("order.order_cancelled.v1", _cancelled)}
    export(contracts(PLACED, CANCELLED, upcasters=becomes), tmp_path)
    assert review(contracts(PLACED, CANCELLED, upcasters=becomes), tmp_path).good
    assert (tmp_path / "events" / "order.order_paid.v1.json").exists()


def _cancelled(body: dict[str, Any]) -> dict[str, Any]:
    kept = ("originator_id", "originator_version", "occurred_at")
    return {"reason": body["intent_id"], **{name: body[name] for name in kept}}


def test_the_sample_of_an_old_version_may_not_be_lost_or_fail(tmp_path: Path) -> None:
    export(contracts(PLACED, PAID), tmp_path)
    bad = {"order.order_paid.v1": Upcaster("order.order_cancelled.v1", lambda body: body)}
    refused = review(contracts(PLACED, CANCELLED, upcasters=bad), tmp_path).refused
    assert ["sample no longer decodes" in finding.why for finding in refused] == [True]
    (tmp_path / "samples" / "order.order_paid.v1.json").unlink()
    refused = review(contracts(PLACED, CANCELLED, upcasters=bad), tmp_path).refused
    assert ["sample is missing" in finding.why for finding in refused] == [True]


def test_a_sample_is_never_written_again(tmp_path: Path) -> None:
    export(contracts(PAID), tmp_path)
    sample = tmp_path / "samples" / "order.order_paid.v1.json"
    kept = json.dumps(json.loads(sample.read_text()) | {"intent_id": "written in another age"})
    sample.write_text(kept)
    (tmp_path / "schema.graphql").unlink()
    export(contracts(PAID), tmp_path)
    assert sample.read_text() == kept


def test_committed_files_that_do_not_say_what_the_code_says_are_stale(tmp_path: Path) -> None:
    export(contracts(PAID), tmp_path)
    (tmp_path / "events" / "order.order_paid.v1.json").write_text(
        (tmp_path / "events" / "order.order_paid.v1.json").read_text().replace("The provider", "Nobody")
    )
    (tmp_path / "asyncapi.yaml").unlink()
    found = review(contracts(PAID, PLACED), tmp_path)
    assert found.refused == []
    assert not found.good
    assert found.stale == [
        "asyncapi.yaml",
        "events/order.order_paid.v1.json",
        "events/order.order_placed.v1.json",
        "samples/order.order_placed.v1.json",
    ]
