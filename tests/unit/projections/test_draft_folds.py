"""The rows of drafts and edited brands say what the aggregates say."""

import json
from dataclasses import fields

from domain.draft.aggregate import Draft, DraftStatus
from projections.catalog import model as catalog
from projections.catalog.rows import CatalogRows
from projections.jobs import model as jobs
from projections.jobs.tables import JobsRows
from tests.support.builders.histories import MOVES, History

MOVES_OF_ALL_KINDS = [(name, number) for number in range(80) for name in sorted(MOVES)]


def test_every_kind_of_row_has_a_table() -> None:
    for model, rows in ((jobs.MODEL, JobsRows), (catalog.MODEL, CatalogRows)):
        assert {table.name for table in model.tables} == {field.name for field in fields(rows)}


def test_rows_agree_with_the_aggregates() -> None:
    history = History().play(MOVES_OF_ALL_KINDS)
    batch = [(envelope.event, envelope.tenant) for envelope in history.envelopes]
    drafts = jobs.MODEL.fold(jobs.MODEL.empty(), batch).drafts
    states: dict[object, Draft] = {id: history.state(id) for id in history.drafts}
    assert drafts.keys() == states.keys()
    assert {state.status for state in states.values()} >= set(DraftStatus) - {DraftStatus.REQUESTED}
    for id, row in drafts.items():
        state = states[id]
        assert (row.status, row.store_id, row.hint) == (state.status, state.store_id, state.hint)
        assert (row.target_kind, row.target_id) == (state.target.kind, state.target.id)
        assert set(json.loads(row.accepted)) == state.accepted
        assert [change["field"] for change in json.loads(row.changes)] == list(state.changes)
    rows = catalog.MODEL.fold(catalog.MODEL.empty(), batch).stores
    for id in history.stores:
        store = history.state(id)
        assert rows[id].contact_email == store.contact_email
        if store.brand is not None:
            assert (rows[id].name, rows[id].slug) == (store.brand.name, store.slug)
            assert json.loads(rows[id].brand or "{}")["identity"] == store.brand.model_dump(mode="json")
