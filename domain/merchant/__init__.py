"""The person who owns stores: identity on the log, credentials never."""
