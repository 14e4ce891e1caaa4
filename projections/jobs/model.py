"""The jobs read model: generations, the agent jobs they consist of, their logs, the calls that they made, and what those used."""

from projections.engine.tables import ReadModel
from projections.jobs.fold import FOLDS
from projections.jobs.fold_drafts import DRAFT_FOLDS
from projections.jobs.tables import TABLES, JobsRows

MODEL = ReadModel("jobs", 9, JobsRows, TABLES, (FOLDS, DRAFT_FOLDS))
"""The read model."""
