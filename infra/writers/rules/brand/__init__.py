"""The rule-based brand writer. Import :class:`RuleBrandWriter` from here."""

from infra.writers.rules.brand.writer import RuleBrandWriter

__all__ = ["RuleBrandWriter"]
