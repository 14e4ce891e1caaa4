"""A network is compiled once, and its mask is stretched from black to white."""

from pathlib import Path

import pytest
from PIL import Image

from infra.adapters.media.studio.network import COMPILED, NETWORKS, load, predict_mask
from tests.support.builders.networks import brightness_network


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.onnx"
    path.write_bytes(brightness_network(NETWORKS["isnet"].side))
    return path


def test_a_compiled_network_is_kept_beside_its_weights(weights: Path) -> None:
    load(str(weights), "isnet")
    assert len(list((weights.parent / COMPILED).iterdir())) == 1


@pytest.mark.parametrize("kind", ["isnet", "birefnet"])
def test_the_surest_pixel_is_white_and_the_least_sure_one_black(weights: Path, kind: str) -> None:
    photo = Image.new("RGB", (40, 30), (90, 80, 70))
    photo.paste((170, 160, 150), (10, 10, 20, 20))
    mask = predict_mask(photo, str(weights), kind)
    assert mask.size == (NETWORKS[kind].side,) * 2
    assert mask.getextrema() == (0, 255)
    middle = (round(mask.width * 15 / 40), round(mask.height * 15 / 30))
    assert mask.getpixel(middle) == pytest.approx(255, abs=60)
