"""The rule-based reader of niches and its lexicon. Import :class:`~infra.writers.rules.niche.reader.RuleNicheReader`."""
