"""The read side: read models folded from the log, and the questions they answer.

Import ``*_queries`` and ``*_views`` (and ``merchants``) to ask, ``paging`` for windows and slices, ``registry`` for the
read models themselves, ``freshness`` to wait for one's own writes. How rows are made is nobody else's business.
"""
