"""``python -m infra.cli``: the same as ``zyenta``."""

from infra.cli import main

main()
