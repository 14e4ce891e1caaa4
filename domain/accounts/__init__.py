"""Accounts: how people log in. Credentials are kept outside the log."""
