"""The neural network of the studio, by rembg's sessions, on weights at a given path."""

import importlib
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

SESSIONS = {
    "u2net": ("u2netp", "U2netpSession", 320),
    "isnet": ("dis_general_use", "DisSession", 1024),
    "birefnet": ("birefnet_general", "BiRefNetSessionGeneral", 1024),
}
"""Module, class and input side in pixels of rembg's session, by kind of network."""


def predict_mask(image: Image.Image, model: str, kind: str = "u2net") -> Image.Image:
    """Return the network's mask of the product, white where it is certain.

    Args:
        image: RGB.
        model: path of the weights.
        kind: see :data:`SESSIONS`.
    """
    side = SESSIONS[kind][2]
    small = image.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    mask: Image.Image = session(model, kind).predict(small)[0]
    return mask


@cache
def session(model: str, kind: str = "u2net") -> Any:
    """Return rembg's session for the weights at a path, loaded once per process."""
    import onnxruntime  # noqa: PLC0415 - slow and large: worker processes only

    network = _session_class(kind)

    class Local(network):  # type: ignore[misc, valid-type]  # rembg is untyped
        @classmethod
        def download_models(cls, *_: Any, **__: Any) -> str:
            return model  # never from the network: set-up downloaded and checked the file

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # A memory pattern costs 190 MB. Without an arena every run allocates again, which takes a fifth of its time.
    options.enable_mem_pattern = False
    return Local(kind, options, providers=["CPUExecutionProvider"])


def _session_class(kind: str) -> type:
    """Return rembg's session class without importing the rest of rembg.

    ``import rembg`` loads numba, scipy and scikit-image for alpha matting, which we do not use: a second of processor
    time and 100 MB in every worker. Empty package objects stand in for rembg, so only the needed modules run.
    """
    spec = find_spec("rembg")
    if spec is None or spec.origin is None:
        raise ImportError("the package `rembg` is not installed")
    root = Path(spec.origin).parent
    for name, folder in (("rembg", root), ("rembg.sessions", root / "sessions")):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    module, network, _ = SESSIONS[kind]
    found: type = getattr(importlib.import_module(f"rembg.sessions.{module}"), network)
    return found
