"""Log-ins by Google and GitHub (OAuth 2 with PKCE). Only ``infra.bootstrap`` imports them."""
