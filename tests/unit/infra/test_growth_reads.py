"""The bench of growth reads every document of the dashboard, or says why it does not."""

from gateway.dashboard.library import library
from infra.bench.growth.dashboard import DASHBOARD, FORMS, NOT_READ, OF_ROW, OF_STORE, OTHER_SEARCHES, unlisted


def test_each_document_with_a_query_is_measured_or_left_out_with_a_reason() -> None:
    assert unlisted() == set()
    assert {*OF_STORE, *OF_ROW, *NOT_READ, *(name for name, _ in OTHER_SEARCHES.values())} <= set(library())
    assert not {*OF_STORE, *OF_ROW} & set(NOT_READ)


def test_each_form_has_a_figure_of_its_own() -> None:
    assert len(set(DASHBOARD)) == len(FORMS)
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in DASHBOARD)
