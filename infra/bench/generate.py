"""From a store's request to its first sight and to its end, on a platform as ``zyenta up`` runs it.

The first sight is a brand and three products with photos over GraphQL. The sample supplier's own drawing is part of every
time, as the sandbox shares the machine. Processor seconds say more than times where other programs run.
"""

import asyncio
import cProfile
import pstats
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from types import CodeType
from typing import Any

import psutil

from domain.generation.events import JobStatus, Step
from domain.media.events import Operation
from infra.adapters.media.fetch import HttpImageFetcher
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target
from infra.bench.servers import Servers
from infra.demo.merchant import Merchant
from infra.embedded.supervisor import Supervisor
from infra.settings import read_settings
from infra.setup.model import model_path
from infra.web.http_clients import in_house_client

NICHES = ("Film photography", "Home office", "Houseplants")
"""Niches with real photos in the sample catalog. The seed chooses the first one."""
FIRST_SIGHT = 3
"""Products with photos that the first sight needs."""
LOOK_SECONDS, LATER_LOOK_SECONDS = 0.1, 0.5
"""Interval of looks at the store before and after the first sight, and the largest error of a time."""
GENERATION_SECONDS = 600.0
GROUND = "#f4efe6"
STAGES = ("decode", "model", "compose", "encode")
"""The studio's stages."""


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Generate ``stores`` stores, one after the other, and return the mean of each figure."""
    report("starting the platform")
    before = {each.pid for each in _descendants(psutil.Process())}
    supervisor = Supervisor(servers.directory / "data")
    await supervisor.start()
    try:
        resting = _memory_mb(without=before)
        async with in_house_client(timeout=30) as client:
            merchant = Merchant(client, supervisor.gateway_url)
            await merchant.register()
            runs: list[Figures] = []
            photos: list[str] = []
            for number in range(sizes["stores"]):
                niche = NICHES[(seed - 1 + number) % len(NICHES)]
                figures, photos = await _generate(merchant, niche, supervisor.pids(), before, report)
                runs.append(figures)
            report("measuring the studio alone")
            fetcher = HttpImageFetcher(client, trusted_origins=(supervisor.environment["ZYENTA_SANDBOX_URL"],))
            bodies = [await fetcher.fetch(url) for url in photos[: sizes["studio_photos"]]]
    finally:
        await supervisor.stop()
    mean = {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}
    return mean | {"memory_at_rest_mb": resting} | await asyncio.to_thread(_studio_alone, bodies)


async def _generate(
    merchant: Merchant, niche: str, services: Mapping[str, int], others: AbstractSet[int], report: ReportPhase
) -> tuple[Figures, list[str]]:
    """Generate one store; return its figures and the addresses of its photos."""
    report(f"generating “{niche}”")
    cpu_before = _cpu_seconds(services, without=others)
    requested = time.perf_counter()
    store_id, _ = await merchant.request_store(niche, contact_email="bench@zyenta.example")
    first_sight: float | None = None
    async with asyncio.timeout(GENERATION_SECONDS):
        while True:
            store = await merchant.sight(store_id)
            taken = time.perf_counter() - requested
            if first_sight is None and _is_first_sight(store):
                first_sight = taken
            status = store["generation"]["status"] if store["generation"] else None
            if status in {JobStatus.FAILED, JobStatus.CANCELLED}:
                raise NoFigures(f"The generation of “{niche}” ended as {status}.")
            if status == JobStatus.COMPLETED and store["status"] == "PENDING_REVIEW":
                break
            report(f"generating “{niche}”: {sum(map(_is_shown, _images_of(store)))} photos")
            # Looks cost time of the gateway, so they are rarer once the first sight is over.
            await asyncio.sleep(LOOK_SECONDS if first_sight is None else LATER_LOOK_SECONDS)
    cpu_after = _cpu_seconds(services, without=others)
    spent = {f"cpu_{name}_s": cpu_after[name] - cpu_before.get(name, 0.0) for name in cpu_after}
    images = _images_of(store)
    photos = len([image for image in images if image["status"] != "REQUESTED"])
    steps = {f"{name}_s": seconds for name, seconds in _step_seconds(store["jobs"]).items()}
    figures = {
        "first_sight_s": taken if first_sight is None else first_sight,
        "complete_s": taken,
        **steps,
        "products": float(len(_products_of(store))),
        "photos": float(photos),
        **spent,
        "cores_busy": sum(spent.values()) / taken,
        "cpu_per_photo_s": (spent["cpu_imager_s"] + spent["cpu_studio_s"]) / max(1, photos),
    }
    return figures, [image["originalUrl"] for image in images]


def _products_of(store: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in store["products"]["edges"]]


def _images_of(store: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [image for product in _products_of(store) for image in product["images"]]


def _is_shown(image: Mapping[str, Any]) -> bool:
    # A photo that waits for the merchant's review is shown whole.
    return image["status"] in {"PROCESSED", "NEEDS_REVIEW"}


def _is_first_sight(store: Mapping[str, Any]) -> bool:
    pictured = sum(any(map(_is_shown, product["images"])) for product in _products_of(store))
    return store["brandIdentity"] is not None and pictured >= FIRST_SIGHT


def _step_seconds(jobs: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    """Return each step's seconds from its start to its end."""
    spans = {
        job["step"].lower(): datetime.fromisoformat(job["completedAt"]) - datetime.fromisoformat(job["startedAt"])
        for job in jobs
    }
    return {step: spans[step].total_seconds() for step in Step}


def _cpu_seconds(services: Mapping[str, int], *, without: AbstractSet[int]) -> dict[str, float]:
    """Return the processor seconds of each service so far, of the studio's workers, and of the two servers."""
    spent = {name: _own_seconds(psutil.Process(pid)) for name, pid in services.items()}
    workers = _descendants(psutil.Process(services["imager"]))
    # Workers that have ended count through their parent.
    ended = psutil.Process(services["imager"]).cpu_times()
    spent["studio"] = sum(map(_own_seconds, workers)) + ended.children_user + ended.children_system
    ours = {*services.values(), *(worker.pid for worker in workers)}
    others = [each for each in _descendants(psutil.Process()) if each.pid not in ours | without]
    spent["servers"] = sum(map(_own_seconds, others))
    return spent


def _own_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _memory_mb(*, without: AbstractSet[int]) -> float:
    """Return the memory of the platform and its servers, with shared pages counted once."""
    total = 0
    for process in _descendants(psutil.Process()):
        if process.pid in without:
            continue
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
            continue
    return total / 2**20


def _studio_alone(photos: Sequence[bytes]) -> Figures:
    """Return the mean processor seconds of a photo in the studio and in each of its stages, with a warm model."""
    # Every service imports the benches with the command line, and must not hold the studio's packages in memory.
    from infra.adapters.media.studio import compositing, network, open_photo, pipeline  # noqa: PLC0415

    codes: Mapping[str, CodeType] = {
        "decode": open_photo.open_photo.__code__,
        "model": network.predict_mask.__code__,
        "compose": compositing.compose.__code__,
        "encode": pipeline.render_sizes.__code__,
    }
    predict = partial(network.predict_mask, model=str(read_settings().rembg_model_path or model_path()))

    def process(photo: bytes) -> object:
        return pipeline.process_photo(photo, operations=list(Operation), ground=GROUND, predict=predict)

    process(photos[0])  # the first photo pays for imports and the model
    profile = cProfile.Profile(time.process_time, builtins=False)
    began = time.process_time()
    profile.runctx("for photo in photos: process(photo)", {"photos": photos, "process": process}, {})
    whole = time.process_time() - began
    spent = _cumulative(profile)
    return {"studio_s": whole / len(photos)} | {f"{stage}_s": spent(codes[stage]) / len(photos) for stage in STAGES}


def _cumulative(profile: cProfile.Profile) -> Callable[[CodeType], float]:
    stats: Mapping[tuple[str, int, str], tuple[Any, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]

    def seconds(code: CodeType) -> float:
        entry = stats.get((code.co_filename, code.co_firstlineno, code.co_name))
        return 0.0 if entry is None else float(entry[3])

    return seconds


BENCH = Bench(
    name="generate",
    about="From a store's request to its first sight and to its end",
    measure=measure,
    full={"stores": 3, "studio_photos": 24},
    quick={"stores": 1, "studio_photos": 6},
    targets=(
        Target(figure="first_sight_s", most=3),
        Target(figure="complete_s", most=20),
        *(Target(figure=f"{step}_s") for step in Step),
        Target(figure="photos"),
        Target(figure="cores_busy"),
        Target(figure="cpu_per_photo_s"),
        Target(figure="studio_s"),
        *(Target(figure=f"{stage}_s") for stage in STAGES),
        Target(figure="cpu_imager_s"),
        Target(figure="cpu_studio_s"),
        Target(figure="cpu_sandbox_s"),
        Target(figure="cpu_agents_s"),
        Target(figure="cpu_log_s"),
        Target(figure="cpu_gateway_s"),
        Target(figure="cpu_servers_s"),
        Target(figure="memory_at_rest_mb", most=500),
    ),
    with_kafka=False,
)
