"""The read side: read models folded from the log, and their queries.

One package per read model (``catalog``, ``jobs``, ``sales``, ``merchants``), each with ``model``, ``tables``, ``fold``,
``views`` and ``queries``. Import ``queries`` and ``views``, what is in ``reading``, and ``registry``; tables, folds and
``engine`` are for infra only.
"""
