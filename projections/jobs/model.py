"""The jobs read model: generations, the agent jobs they consist of, their logs, and the calls that they made."""

from projections.engine.tables import ReadModel
from projections.jobs.fold import FOLDS
from projections.jobs.fold_drafts import DRAFT_FOLDS
from projections.jobs.tables import TABLES, JobsRows

MODEL = ReadModel("jobs", 8, JobsRows, TABLES, (FOLDS, DRAFT_FOLDS))
"""The read model."""
