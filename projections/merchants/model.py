"""The merchants read model: sealed profiles and business identities, and the suppliers that merchants connected.

Password hashes and supplier keys are not in it: they never enter the log.
"""

from projections.engine.tables import ReadModel
from projections.merchants.fold import FOLDS
from projections.merchants.tables import TABLES, MerchantsRows

MODEL = ReadModel("merchants", 6, MerchantsRows, TABLES, (FOLDS,))
"""The read model."""
