"""The neural network of the studio: a session of rembg, run by OpenVINO on weights at a given path."""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from infra.adapters.media.studio.bfloat import use_bfloat16

if TYPE_CHECKING:
    from openvino import InferRequest


@dataclass(frozen=True, slots=True)
class Network:
    """Where rembg has the session of a kind of network, and how OpenVINO runs it."""

    module: str
    session: str
    side: int
    """Side of the square input, in pixels."""
    exact: frozenset[str] | None = None
    """The convolutions that need 32-bit floats; None if all do."""


COMPILED = "compiled"
"""Folder beside the weights, if that may be written to, with the networks as OpenVINO compiled them."""
NETWORKS = {
    # Alone in bfloat16, each of the two moves the edges of masks more than all others together.
    "u2net": Network(
        "u2netp", "U2netpSession", 320, exact=frozenset({"Conv_787/WithoutBiases", "Conv_920/WithoutBiases"})
    ),
    "isnet": Network("dis_general_use", "DisSession", 1024),
    "birefnet": Network("birefnet_general", "BiRefNetSessionGeneral", 1024),
}
"""By kind."""


def predict_mask(image: Image.Image, model: str, kind: str = "u2net") -> Image.Image:
    """Return the network's mask of the product, white where it is certain, as a square.

    Args:
        image: RGB.
        model: path of the weights.
        kind: see :data:`NETWORKS`.
    """
    side = NETWORKS[kind].side
    small = image.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    mask: Image.Image = load(model, kind).predict(small)[0]
    return mask


@cache
def load(path: str, kind: str = "u2net") -> Any:
    """Return rembg's session for the weights at a path, loaded once per process."""
    network = _session_class(kind)

    class Local(network):  # type: ignore[misc, valid-type]  # rembg is untyped
        def __init__(self) -> None:  # rembg's own would open the weights by onnxruntime
            self.model_name = kind
            self.inner_session = _OpenVinoSession(path, kind)

    return Local()


class _OpenVinoSession:
    """What rembg uses of a session of onnxruntime."""

    def __init__(self, path: str, kind: str) -> None:
        self._request = _compile(path, kind)

    def get_inputs(self) -> Sequence[SimpleNamespace]:
        return [SimpleNamespace(name="input")]

    def run(self, _outputs: None, inputs: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        self._request.infer({0: np.ascontiguousarray(inputs["input"])})
        return [self._request.get_output_tensor(0).data.astype(np.float32)]


def _compile(path: str, kind: str) -> "InferRequest":
    """Return the network with the weights at a path.

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


def _session_class(kind: str) -> type:
    """Return rembg's session class without importing the rest of rembg.

    ``import rembg`` loads numba and scikit-image for alpha matting, which we do not use: a second of processor time and
    100 MB in every worker. Empty package objects stand in for rembg, so only the needed modules run. They name
    onnxruntime in signatures only, so another empty object stands in for it where it is not installed.
    """
    if "rembg" not in sys.modules:
        spec = find_spec("rembg")
        if spec is None or spec.origin is None:
            raise ImportError("the package `rembg` is not installed")
        root = Path(spec.origin).parent
        for name, folder in (("rembg", root), ("rembg.sessions", root / "sessions")):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    if "onnxruntime" not in sys.modules and find_spec("onnxruntime") is None:
        runtime: Any = ModuleType("onnxruntime")
        runtime.SessionOptions = object
        sys.modules["onnxruntime"] = runtime
    network = NETWORKS[kind]
    found: type = getattr(importlib.import_module(f"rembg.sessions.{network.module}"), network.session)
    return found
