"""The jobs read model: generations, the agent jobs they consist of, and their logs."""

from projections.engine.tables import ReadModel
from projections.jobs.fold import FOLDS
from projections.jobs.tables import TABLES, JobsRows

MODEL = ReadModel("jobs", 5, JobsRows, TABLES, (FOLDS,))
"""The read model."""
