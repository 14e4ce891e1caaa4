"""A merchant's account, business and connections, without credentials. ``events`` are the merchant's, ``account_events`` the log-in's."""
