"""Writers by rules: no key, no network, the same result for the same seed.

Import ``RuleBrandWriter`` from ``brand``, ``RuleCopywriter`` and ``RulePageWriter`` from ``copy``, ``RuleKeywords`` from
``keywords``.
"""
