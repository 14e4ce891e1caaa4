"""Payouts from a merchant's account at the payment provider to their bank: one stream per payout. Import ``events`` and ``aggregate``."""
