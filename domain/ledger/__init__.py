"""The ledger: what events mean in double entry. Import ``postings``."""
