"""Mails to shoppers and merchants: one stream per mail. Import ``events``, ``aggregate`` and ``ports``."""
