"""Who is asking: accounts, passwords, access and refresh tokens, and how often they may try."""
