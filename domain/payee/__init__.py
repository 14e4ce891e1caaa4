"""Which merchant an account at the payment provider belongs to: one stream per account. Import ``events``, ``errors`` and ``aggregate``."""
