"""Agreement of the claims check with labelled sentences, and what the lint finds in stores of many niches."""

import asyncio
import time

from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.servers import Servers
from infra.bench.words.labelled import read_all
from infra.bench.words.stores import niches, write_store


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:  # noqa: ARG001
    """Read the labelled sentences, then write and lint whole stores."""
    report("reading the labelled sentences")
    reading = await asyncio.to_thread(read_all)
    unseen = await asyncio.to_thread(read_all, held_out=True)
    findings = products = 0
    began = time.perf_counter()
    chosen = niches()[: sizes["niches"]]
    for niche in chosen:
        report(f"writing “{niche}”")
        # In a thread: the writer of brands runs an event loop of its own.
        store = await asyncio.to_thread(write_store, niche, seed=f"bench {seed}")
        findings += len(await asyncio.to_thread(store.findings))
        products += len(store.copies)
    return {
        "sentences": reading.sentences,
        "precision": reading.precision,
        "recall": reading.recall,
        "precision_held_out": unseen.precision,
        "recall_held_out": unseen.recall,
        "stores": len(chosen),
        "products": products,
        "findings": findings,
        "seconds": time.perf_counter() - began,
    }


BENCH = Bench(
    name="words",
    about="Claims without proof that are found, and faults in the texts of whole stores",
    measure=measure,
    full={"niches": 40},
    quick={"niches": 12},
    targets=(
        Target(figure="sentences"),
        Target(figure="precision", least=0.95),
        Target(figure="recall", least=0.95),
        Target(figure="precision_held_out", least=0.95),
        Target(figure="recall_held_out", least=0.8),
        Target(figure="stores"),
        Target(figure="products"),
        Target(figure="findings", most=0),
        Target(figure="seconds"),
    ),
    with_kafka=False,
    with_postgres=False,
)
