"""The reviser without a language model: a few wishes, each followed by a rule. Import :class:`RuleReviser`."""

from infra.writers.rules.revision.reviser import RuleReviser

__all__ = ["RuleReviser"]
