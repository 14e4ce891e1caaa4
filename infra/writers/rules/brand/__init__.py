"""The house brand writer. Import :class:`RuleBrandWriter` from here; the language-model writer also uses
``marks``, ``palette``, ``fonts`` and ``domains``, so that whoever invents a brand, our code keeps it readable.
"""

from infra.writers.rules.brand.writer import RuleBrandWriter

__all__ = ["RuleBrandWriter"]
