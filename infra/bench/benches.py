"""All benches. To add one, write a module with a ``BENCH`` and name it here.

A bench is imported when it is asked for: every service starts through the command line, and would import all of them.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from infra.bench.figures import Bench

MODULES: Mapping[str, str] = {
    "append": "infra.bench.append",
    "hot": "infra.bench.hot",
    "publish": "infra.bench.publish",
    "storefront": "infra.bench.storefront",
    "latency": "infra.bench.latency",
    "backlog": "infra.bench.backlog",
    "rebuild": "infra.bench.rebuild",
    "travel": "infra.bench.travel",
    "graphql": "infra.bench.graphql",
    "growth": "infra.bench.growth.bench",
    "peers": "infra.bench.peers.bench",
    "verify": "infra.bench.verify",
    "generate": "infra.bench.generate",
    "fit": "infra.bench.fit.bench",
    "words": "infra.bench.words.bench",
    "masks": "infra.bench.masks",
    "idle": "infra.bench.idle",
}
"""The module of each bench, by the bench's name."""


class _Benches(Mapping[str, Bench]):
    def __getitem__(self, name: str) -> Bench:
        bench: Bench = import_module(MODULES[name]).BENCH
        return bench

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


BENCHES: Mapping[str, Bench] = _Benches()
"""Benches by name."""
