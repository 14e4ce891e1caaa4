"""The neural network of the studio: one of rembg's, run by OpenVINO on weights at a given path."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from infra.adapters.media.studio.bfloat import use_bfloat16

if TYPE_CHECKING:
    from openvino import InferRequest


@dataclass(frozen=True, slots=True)
class Network:
    """What a kind of network takes and gives, as in rembg's session of that kind."""

    side: int
    """Side of the square input, in pixels."""
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    """Mean and standard deviation by channel that the network was trained with, of values from 0 to 1."""
    gives_logits: bool = False
    """Whether the output still needs the logistic function."""
    exact: frozenset[str] | None = None
    """The convolutions that need 32-bit floats; None if all do."""


COMPILED = "compiled"
"""Folder beside the weights, if that may be written to, with the networks as OpenVINO compiled them."""
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NETWORKS = {
    # Alone in bfloat16, each of the two moves the edges of masks more than all others together.
    "u2net": Network(320, *_IMAGENET, exact=frozenset({"Conv_787/WithoutBiases", "Conv_920/WithoutBiases"})),
    "isnet": Network(1024, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
    "birefnet": Network(1024, *_IMAGENET, gives_logits=True),
}
"""By kind."""


def predict_mask(image: Image.Image, model: str, kind: str = "u2net") -> Image.Image:
    """Return the network's mask of the product, white where it is certain, as a square.

    Args:
        image: RGB.
        model: path of the weights.
        kind: see :data:`NETWORKS`.
    """
    network = NETWORKS[kind]
    small = image.resize((network.side, network.side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    values: np.ndarray = np.asarray(small, dtype=np.float32)
    values = values / max(float(values.max()), 1e-6)
    values = (values - network.mean) / network.deviation
    request = load(model, kind)
    request.infer({0: np.ascontiguousarray(values.transpose(2, 0, 1)[None], dtype=np.float32)})
    found = request.get_output_tensor(0).data[0, 0].astype(np.float32)
    if network.gives_logits:
        found = 1 / (1 + np.exp(-found))
    lowest, highest = float(found.min()), float(found.max())
    return Image.fromarray((255 * (found - lowest) / max(highest - lowest, 1e-6)).astype(np.uint8), "L")


@cache
def load(path: str, kind: str = "u2net") -> "InferRequest":
    """Return the network with the weights at a path, loaded once per process.

    Where the processor can, most of u2net computes in bfloat16: a look takes two thirds of the time, and a ten-thousandth
    of the mask's pixels changes sides.
    """
    import openvino  # noqa: PLC0415 - slow and large: worker processes only

    core = openvino.Core()
    model = core.read_model(path)
    exact = NETWORKS[kind].exact
    if exact is not None and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        use_bfloat16(model, without=exact)
    settings: dict[str, int | str] = {
        "INFERENCE_NUM_THREADS": 1,
        # Pinned to a core, all workers would share the first one.
        "ENABLE_CPU_PINNING": False,
        # Else everything computes in bfloat16: thin parts are cut off, and more good masks are doubted.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    folder = Path(path).parent
    if os.access(folder, os.W_OK):
        # Saves half of the start. OpenVINO compiles again if the file is damaged or of another processor or version.
        settings["CACHE_DIR"] = str(folder / COMPILED)
    return core.compile_model(model, "CPU", settings).create_infer_request()
