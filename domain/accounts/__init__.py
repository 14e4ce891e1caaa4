"""Accounts and log-ins, which are outside the log. Import ``ports`` and ``email``."""
