"""The log for analysts: following it, exporting it to Parquet, and asking it in SQL. Reads the topic, as anybody could.

Import from ``infra.analysis.selection``, ``reading``, ``tables`` and ``export``.
"""
