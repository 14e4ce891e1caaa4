"""The merchants read model: sealed profiles and business identities, suppliers, plans, and who works in which store.

Password hashes and supplier keys are not in it: they never enter the log.
"""

from projections.engine.tables import ReadModel
from projections.merchants.fold import FOLDS
from projections.merchants.fold_plans import PLAN_FOLDS
from projections.merchants.fold_team import TEAM_FOLDS
from projections.merchants.tables import TABLES, MerchantsRows

MODEL = ReadModel("merchants", 9, MerchantsRows, TABLES, (FOLDS, PLAN_FOLDS, TEAM_FOLDS))
"""The read model."""
