"""Sample renders: their licence and digests, their colors, and the scenes whose masks are known exactly."""

import hashlib
import io
from collections import defaultdict
from itertools import combinations

import imagehash
import numpy as np
import pytest
from PIL import Image

from domain.sourcing.ranking import SAME_PHOTO
from infra.sandbox.sample_supplier.catalog import Echo, Offer, offers
from infra.sandbox.sample_supplier.composing import compose
from infra.sandbox.sample_supplier.goods import all_goods
from infra.sandbox.sample_supplier.pictures import Shot, mask_of, render
from infra.sandbox.sample_supplier.recoloring import drawing_of
from infra.sandbox.sample_supplier.renders import COLORS, RENDERS, Pose, drawings
from infra.sandbox.sample_supplier.scenes import SCENES, TONES, Staging

RENDERED = [offer for offer in offers() if offer.goods.render is not None]
ONE_EACH = list({offer.shots[0].staging.scene: offer for offer in RENDERED if offer.shots[0].staging}.values())


def test_every_render_is_licensed_and_unchanged() -> None:
    assert "MIT License" in (RENDERS / "LICENSE").read_text("utf-8")
    assert "@lobehub/fluent-emoji-3d` 1.1.0" in (RENDERS / "README.md").read_text("utf-8")
    files = {path.stem: path for path in RENDERS.glob("*.webp")}
    assert set(files) == set(drawings())
    for name, drawing in drawings().items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == drawing.sha256, name
    assert sum(path.stat().st_size for path in files.values()) < 12_000_000


def test_every_render_is_of_some_goods() -> None:
    used = {goods.render for goods in all_goods() if goods.render is not None}
    assert used == set(drawings())


def test_a_color_is_shown_only_by_renders_that_have_one() -> None:
    for goods in all_goods():
        if goods.render is not None and goods.color is not None:
            assert goods.color in COLORS
            assert drawings()[goods.render].color is not None, goods.id
            first = goods.options.get("Color", [goods.color])[0]
            assert goods.color == first, f"{goods.id}: the first photo shows {goods.color}, the first option is {first}"


def test_the_first_photo_shows_the_first_color_of_the_options() -> None:
    for goods in all_goods():
        if goods.render is not None and "Color" in goods.options:
            own = drawings()[goods.render].color
            assert goods.options["Color"][0] == (goods.color or own), goods.id


def test_another_color_changes_hues_and_keeps_the_outline() -> None:
    red, blue = drawing_of("bucket", "Red"), drawing_of("bucket")
    assert red.getchannel("A").tobytes() == blue.getchannel("A").tobytes()

    def mean(picture: Image.Image) -> tuple[float, ...]:
        pixels = np.asarray(picture)
        return tuple(pixels[pixels[..., 3] > 200][:, :3].mean(axis=0))

    assert mean(red)[0] > mean(red)[2] + 40
    assert mean(blue)[2] > mean(blue)[0] + 40


def test_a_render_without_a_color_cannot_be_recolored() -> None:
    with pytest.raises(ValueError, match="render bento-box: it cannot be shown in Red"):
        drawing_of("bento-box", "Red")


@pytest.mark.parametrize("offer", ONE_EACH, ids=lambda offer: offer.shots[0].staging.scene)
def test_the_mask_has_the_size_of_the_picture_and_covers_the_thing(offer: Offer) -> None:
    for shot in offer.shots:
        mask = mask_of(shot)
        assert mask is not None
        with Image.open(io.BytesIO(render(shot))) as picture:
            assert picture.size == mask.size == shot.size
        inside = np.asarray(mask) > 127
        assert 0.02 < inside.mean() < 0.8
    first = np.asarray(mask_of(offer.shots[0])) > 8
    border = np.concatenate([first[0], first[-1], first[:, 0], first[:, -1]])
    assert not border.any(), "the whole thing is in the first picture"


def test_the_mask_is_exact() -> None:
    # A bucket in another color changes pixels under the mask and none outside it.
    scene = SCENES[Pose.STANDING][0]
    blue = Shot(staging=Staging(render="bucket", scene=scene), quality=100)
    red = Shot(staging=Staging(render="bucket", scene=scene, color="Red"), quality=100)
    one, other = (np.asarray(Image.open(io.BytesIO(render(shot)))).astype(int) for shot in (blue, red))
    changed = np.abs(one - other).max(axis=2) > 40
    mask = mask_of(blue)
    assert mask is not None
    # JPEG spreads a change over its block of 16 pixels.
    grown = np.asarray(mask.resize((75, 75), Image.Resampling.BOX).resize((1200, 1200), Image.Resampling.NEAREST)) > 0
    assert changed.sum() > 0.5 * (np.asarray(mask) > 127).sum()
    assert not changed[~grown].any()


def test_photos_have_no_known_mask() -> None:
    assert mask_of(Shot(photo="football")) is None


def test_sample_renders_are_marked_as_such() -> None:
    assert all(shot.is_sample_render for offer in RENDERED for shot in offer.shots)
    photographed = [offer for offer in offers() if offer.goods.render is None]
    assert not any(shot.is_sample_render for offer in photographed for shot in offer.shots)


def test_every_pose_has_scenes_and_every_tone_is_used() -> None:
    stagings = [shot.staging for offer in RENDERED for shot in offer.shots if shot.staging is not None]
    assert {staging.scene for staging in stagings} == {scene for scenes in SCENES.values() for scene in scenes}
    assert {staging.tone for staging in stagings} == set(range(len(TONES)))


def test_resellers_copy_the_first_picture() -> None:
    originals = {offer.goods.id: offer for offer in RENDERED if offer.echo is None}
    for offer in RENDERED:
        if offer.echo is Echo.EXACT:
            assert offer.shots[0] == originals[offer.goods.id].shots[0]
        elif offer.echo is Echo.NEAR:
            assert offer.shots[0].staging == originals[offer.goods.id].shots[0].staging
            assert offer.shots[0] != originals[offer.goods.id].shots[0]


def test_different_goods_of_a_category_do_not_look_like_one_photo() -> None:
    # Otherwise the scout would take them for the same thing sold twice.
    groups: defaultdict[tuple[str, str | None], list[Offer]] = defaultdict(list)
    for offer in RENDERED:
        if offer.echo is None:
            groups[offer.goods.category, offer.goods.render].append(offer)
    for group in groups.values():
        assert len({offer.shots[0].staging for offer in group}) == len(group)
    for group in sorted(groups.values(), key=len)[-5:]:
        prints = {offer.goods.id: fingerprint(offer) for offer in group}
        for (one, first), (other, second) in combinations(prints.items(), 2):
            assert first - second > SAME_PHOTO, f"{one} and {other}"


def fingerprint(offer: Offer) -> imagehash.ImageHash:
    """Return the perceptual hash of a listing's first picture, composed small."""
    staging = offer.shots[0].staging
    assert staging is not None
    return imagehash.phash(compose(staging, (300, 300))[0])
