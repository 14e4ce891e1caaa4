"""The list of read models.

To add one: a package like its siblings, a line here, then ``zyenta projections rebuild <name>``.
"""

from collections.abc import Mapping
from typing import Any

from projections.catalog import model as catalog
from projections.engine.tables import ReadModel
from projections.jobs import model as jobs
from projections.merchants import model as merchants
from projections.sales import model as sales

READ_MODELS: Mapping[str, ReadModel[Any]] = {
    model.name: model for model in (catalog.MODEL, jobs.MODEL, sales.MODEL, merchants.MODEL)
}
"""Every read model by its name, which is also the name of its live schema."""

SEARCH_PATH = ", ".join(READ_MODELS)
"""The start of the search path of connections that query the live read models."""
