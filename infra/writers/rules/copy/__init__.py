"""Product copy and store pages without a language model. The same seed gives the same text.

Import ``RuleCopywriter`` from ``copywriter`` and ``RulePageWriter`` from ``pages``. The sentences are data: TOML in
``copykit/phrases/`` for products, Jinja2 in ``templates/`` for pages.
"""
