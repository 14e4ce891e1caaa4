"""The house brand writer. Import :class:`HouseBrandWriter` from here; the language-model writer also uses
``marks``, ``palette``, ``fonts`` and ``domains``, so that whoever invents a brand, our code keeps it readable.
"""

from infra.writers.rules.brand.writer import HouseBrandWriter

__all__ = ["HouseBrandWriter"]
