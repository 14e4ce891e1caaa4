"""The list of read models.

To add one: a package like its siblings, a line here, its name in ``names``, then ``zyenta projections rebuild <name>``.
"""

from collections.abc import Mapping
from typing import Any

from projections.catalog import model as catalog
from projections.engine.tables import ReadModel
from projections.jobs import model as jobs
from projections.merchants import model as merchants
from projections.names import NAMES, SEARCH_PATH
from projections.sales import model as sales

__all__ = ["READ_MODELS", "SEARCH_PATH"]

READ_MODELS: Mapping[str, ReadModel[Any]] = {
    model.name: model for model in (catalog.MODEL, jobs.MODEL, sales.MODEL, merchants.MODEL)
}
"""Every read model by its name, which is also the name of its live schema."""

assert tuple(READ_MODELS) == NAMES
