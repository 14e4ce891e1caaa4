"""The words of whole stores, measured: how well the claims check reads, and what the lint finds over many niches.

Run it with ``python -m infra.bench.words``. Tests import ``labelled`` and ``stores``.
"""
