"""``masks``: how good the studio's cut-outs are, and whether it knows which are wrong.

The photos and crops have masks in ``true_masks``; the renders of the sample supplier have exact ones. Doubts and
threshold were set on the photos and crops, so the figures of the renders are the honest ones for new photos.
"""

import asyncio
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.servers import Servers
from infra.settings import read_settings
from infra.setup.model import model_path

if TYPE_CHECKING:
    from infra.bench.mask_cases import Verdict


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:  # noqa: ARG001 - needs none
    """Judge the photos, the crops and some renders."""
    # Every service imports the benches with the command line, and must not hold the studio's packages in memory.
    from infra.adapters.media.studio.network import predict_mask  # noqa: PLC0415
    from infra.bench import mask_cases  # noqa: PLC0415

    predict = partial(predict_mask, model=str(read_settings().rembg_model_path or model_path()))
    sets = {
        "photos": islice(mask_cases.photo_cases(), sizes["photos"]),
        "crops": islice(mask_cases.crop_cases(), sizes["crops"]),
        "renders": mask_cases.render_cases(sizes["renders"], seed),
    }
    figures: Figures = {}
    for name, cases in sets.items():
        verdicts: list[Verdict] = []
        for number, case in enumerate(cases, start=1):
            report(f"judging {name}, {number}")
            verdicts.append(await asyncio.to_thread(mask_cases.judge_case, case, predict))
        figures |= mask_cases.figures_of(verdicts, name)
    return figures


BENCH = Bench(
    name="masks",
    about="How good cut-outs are, and how many of the wrong ones are flagged",
    measure=measure,
    full={"photos": 44, "crops": 60, "renders": 120},
    quick={"photos": 16, "crops": 0, "renders": 8},
    targets=(
        Target(figure="photos_mean_iou", least=0.92),
        Target(figure="photos_wrong_flagged", least=0.95),
        Target(figure="photos_good_flagged", most=0.1),
        Target(figure="photos_broken_flagged"),
        Target(figure="crops_mean_iou", least=0.92),
        Target(figure="crops_wrong_flagged", least=0.95),
        Target(figure="crops_good_flagged", most=0.1),
        Target(figure="renders_mean_iou", least=0.92),
        Target(figure="renders_wrong_flagged"),
        Target(figure="renders_good_flagged", most=0.1),
    ),
    with_kafka=False,
    with_postgres=False,
)
