"""``python -m infra.bench.words``: figures of the claims check, and the lint's report over all niches."""

import sys
import time
from collections import Counter

from infra.bench.words.labelled import read_all
from infra.bench.words.stores import niches, write_store


def main(arguments: list[str]) -> int:
    """Print the report; return 1 if the lint found a fault.

    Args:
        arguments: niches to read; all of the list if there are none. ``--aloud`` also prints every text.
    """
    aloud = "--aloud" in arguments
    chosen = [argument for argument in arguments if not argument.startswith("--")] or niches()
    reading = read_all()
    print(f"claims: {reading.sentences} sentences, precision {reading.precision:.3f}, recall {reading.recall:.3f}")
    for one in reading.wrong:
        print(f"  {'flagged' if one.is_supported else 'missed'} ({one.about}): {one.text}")
    rules: Counter[str] = Counter()
    began = time.perf_counter()
    for niche in chosen:
        store = write_store(niche)
        found = store.findings()
        rules.update(finding.rule for finding in found)
        print(f"{niche}: {len(store.copies)} products, {len(found)} findings")
        for finding in found:
            print(f"  {finding}")
        if aloud:
            print(store.read_aloud())
    print(f"{len(chosen)} stores in {time.perf_counter() - began:.1f} s, {rules.total()} findings {dict(rules)}")
    return 1 if rules else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
