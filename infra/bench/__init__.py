"""How fast the log is, beside what this machine could do at all.

``benches`` lists every bench; each is one module that measures on servers of its own (``servers``) and returns figures
(``figures``). A figure is worth little alone: the machine's own limit for the same work is measured in the same run,
in turns with it, and stands beside it.
"""
