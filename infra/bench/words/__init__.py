"""The words of whole stores, measured: how well the claims check reads, and what the lint finds over many niches.

``zyenta bench words`` gives the figures; ``python -m infra.bench.words`` prints every finding, with ``--aloud`` every text.
Tests may import ``labelled`` and ``stores``.
"""
