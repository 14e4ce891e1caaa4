"""Authentication: accounts, sessions, passwords, tokens, and rate limits of attempts.

``gateway.auth.tokens.SigningKeys`` and ``gateway.auth.passwords.Passwords`` are for the composition root; the rest is internal.
"""
