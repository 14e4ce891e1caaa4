"""All benches. To add one, write a module with a ``BENCH`` and add it here."""

from collections.abc import Mapping

from infra.bench import append, generate, graphql, hot, latency, masks, publish, rebuild, storefront, travel, verify
from infra.bench.figures import Bench
from infra.bench.fit import bench as fit
from infra.bench.words import bench as words

BENCHES: Mapping[str, Bench] = {
    bench.name: bench
    for bench in (
        append.BENCH,
        hot.BENCH,
        publish.BENCH,
        storefront.BENCH,
        latency.BENCH,
        rebuild.BENCH,
        travel.BENCH,
        graphql.BENCH,
        verify.BENCH,
        generate.BENCH,
        fit.BENCH,
        words.BENCH,
        masks.BENCH,
    )
}
"""Benches by name."""
