"""The inbox: webhooks of outside systems, one stream per source and external id. Import ``events`` and ``aggregate``."""
