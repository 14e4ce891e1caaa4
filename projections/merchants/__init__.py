"""The merchants read model: profiles, suppliers, plans, and who works in which store. Import ``queries``, ``plan_queries``, ``team_queries`` and ``views``."""
