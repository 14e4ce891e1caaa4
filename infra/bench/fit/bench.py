"""Agreement of fit and ranking with the labelled sets, and the time that a scout's ranking takes."""

import time
from collections.abc import Sequence
from itertools import chain

from domain.sourcing.ranking import candidates, rank
from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.fit.labelled import LabelledNiche, agreement, by_orders, by_worth, labelled, mean_ndcg
from infra.bench.servers import Servers
from infra.writers.rules.niche.reader import read_niche


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:  # noqa: ARG001
    """Judge the labelled pairs, rank the graded listings, and time the ranking of as many listings as a scout gets."""
    report("judging the labelled pairs")
    halves = {half: labelled(half) for half in ("tuning", "held_out")}
    both = agreement(list(chain.from_iterable(halves.values())))
    tuning, held_out = agreement(halves["tuning"]), agreement(halves["held_out"])
    read = {half: _by_rules(niches) for half, niches in halves.items()}
    read_both = agreement(list(chain.from_iterable(read.values())))
    read_tuning, read_held_out = agreement(read["tuning"]), agreement(read["held_out"])
    report("ranking the graded listings")
    ranking, orders = mean_ndcg(by_worth), mean_ndcg(by_orders)
    report("timing")
    listings = [
        pair.listing.model_copy(update={"source_id": f"{n}"})
        for n, pair in enumerate(pair for niche in chain.from_iterable(halves.values()) for pair in niche.pairs)
    ][: sizes["listings"]]
    began = time.perf_counter()
    rank(candidates(listings, halves["tuning"][0].reading), fingerprints={})
    return {
        "precision": both.precision,
        "recall": both.recall,
        "precision_tuning": tuning.precision,
        "recall_tuning": tuning.recall,
        "precision_held_out": held_out.precision,
        "recall_held_out": held_out.recall,
        "precision_read_by_rules": read_both.precision,
        "recall_read_by_rules": read_both.recall,
        "precision_read_by_rules_tuning": read_tuning.precision,
        "recall_read_by_rules_tuning": read_tuning.recall,
        "precision_read_by_rules_held_out": read_held_out.precision,
        "recall_read_by_rules_held_out": read_held_out.recall,
        "ndcg_20": ranking,
        "ndcg_20_most_orders": orders,
        "rank_ms": 1000 * (time.perf_counter() - began),
    }


def _by_rules(niches: Sequence[LabelledNiche]) -> Sequence[LabelledNiche]:
    return [niche.model_copy(update={"reading": read_niche(niche.name)}) for niche in niches]


BENCH = Bench(
    name="fit",
    about="Agreement of fit and ranking with listings judged by hand",
    measure=measure,
    full={"listings": 150},
    quick={"listings": 150},
    targets=(
        Target(figure="precision", least=0.95),
        Target(figure="recall", least=0.85),
        Target(figure="precision_tuning"),
        Target(figure="recall_tuning"),
        Target(figure="precision_held_out", least=0.95),
        Target(figure="recall_held_out", least=0.85),
        Target(figure="precision_read_by_rules", least=0.95),
        Target(figure="recall_read_by_rules", least=0.85),
        Target(figure="precision_read_by_rules_tuning"),
        Target(figure="recall_read_by_rules_tuning"),
        Target(figure="precision_read_by_rules_held_out", least=0.95),
        Target(figure="recall_read_by_rules_held_out", least=0.85),
        Target(figure="ndcg_20", least=0.9),
        Target(figure="ndcg_20_most_orders"),
        Target(figure="rank_ms"),
    ),
    with_kafka=False,
    with_postgres=False,
)
