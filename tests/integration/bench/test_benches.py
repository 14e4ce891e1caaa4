"""Every bench runs to its end on real servers and prints its figures. These tests do not judge the speed."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from infra.bench.benches import BENCHES
from infra.embedded.kafka import KafkaUnavailable, ensure_kafka
from tests.support.requirements import missing

TINY = {
    "append": {"seconds": 1, "rounds": 2, "streams": 32},
    "generate": {"stores": 1, "studio_photos": 2},
    "graphql": {"products": 40, "connections": 2, "seconds": 1, "rounds": 1},
    "growth": {"products": 2500, "orders": 1000, "tenants": 300, "events": 51000, "requests": 2, "rounds": 1},
    "hot": {"buyers": 12, "pieces": 8, "rounds": 2},
    "peers": {"products": 40, "connections": 2, "seconds": 1, "rounds": 1, "warm_up": 1},
    "publish": {"events": 1200},
    "latency": {"per_s": 20, "seconds": 1, "warm_up": 1, "bare": 5, "disturbed": 2},
    "backlog": {"events": 1200, "per_s": 20},
    "rebuild": {"events": 1200},
    "travel": {"events": 200, "queries": 2, "warm_up": 1},
    "verify": {"events": 1200},
    "storefront": {"products": 30, "shoppers": 2, "seconds": 1, "rounds": 1, "edits": 2},
    "fit": {"listings": 50},
    "words": {"niches": 1},
    "masks": {"photos": 2, "crops": 1, "renders": 1},
    "idle": {"calm": 1, "seconds": 1},
}

pytestmark = pytest.mark.kafka


async def run(*arguments: str, scratch: Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "infra.cli",
        "bench",
        *arguments,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def test_every_bench_has_tiny_sizes_here() -> None:
    assert set(TINY) == set(BENCHES)


@pytest.mark.parametrize("name", BENCHES)
@pytest.mark.long
async def test_a_bench_prints_its_figures_as_one_object_and_leaves_no_files(
    name: str,
) -> None:
    bench, sizes = BENCHES[name], TINY[name]
    try:
        await ensure_kafka()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    # Not pytest's own directory: under root, PostgreSQL runs as another user, who must reach its data.
    scratch = Path(tempfile.mkdtemp(prefix="zyenta-test-"))
    scratch.chmod(0o711)
    options = [f"--size={size}={value}" for size, value in sizes.items()]
    try:
        status, out, err = await run(name, "--quick", "--json", "--seed", "7", *options, scratch=scratch)
        assert status == 0, err
        # All processes of a user share the file that reserves ports, and it stays.
        assert [file for file in scratch.iterdir() if not file.name.startswith("zyenta-ports-")] == []
    finally:
        shutil.rmtree(scratch)
    printed = json.loads(out.splitlines()[-1])
    assert set(printed) == {"bench", "figures", "ratios", "settings", "skipped", "machine", "seconds"}
    assert printed["bench"] == name
    if printed["skipped"]:
        missing("figures of the bench", str(printed["skipped"]))
    assert {target.figure for target in bench.targets} | {target.limit for target in bench.targets} - {None} <= set(
        printed["figures"]
    )
    assert all(isinstance(figure, int | float) and figure >= 0 for figure in printed["figures"].values())
    named = [f"{target.figure} / {target.limit}" for target in bench.targets if target.limit is not None]
    assert list(printed["ratios"]) == named
    assert printed["settings"] == {**bench.quick, **sizes, "quick": True, "seed": 7}
    assert set(printed["machine"]) == {"cpu", "cores", "memory_gb", "python", "postgres", "kafka"}
    assert (printed["machine"]["kafka"] is not None) is bench.with_kafka
    assert (printed["machine"]["postgres"] is not None) is bench.with_postgres
    assert printed["seconds"] > 0


async def test_an_unknown_bench_or_size_is_rejected_with_the_valid_ones(tmp_path: Path) -> None:
    status, _, err = await run("[/append]", scratch=tmp_path)
    assert (status, "unknown bench '[/append]'. Use one of: append" in err) == (2, True)
    for wrong in ("event=7", "events=many", "events"):
        status, _, err = await run("publish", "--size", wrong, scratch=tmp_path)
        assert (status, f"invalid --size '{wrong}'" in err, "events=" in err) == (2, True, True), err
    for name, wrong, least in (("publish", "events=0", 1), ("growth", "events=50999", TINY["growth"]["events"])):
        status, _, err = await run(name, "--size", wrong, scratch=tmp_path)
        assert (status, f"Use events={least} or more." in err) == (2, True), err
