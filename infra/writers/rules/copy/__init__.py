"""The house writer: product copy and store pages without a language model, the same for the same seed.

Import ``RuleCopywriter`` from ``copywriter`` and ``RulePageWriter`` from ``pages``. The sentences are data: TOML
under ``phrases/`` for products, Jinja2 under ``templates/`` for pages.
"""
