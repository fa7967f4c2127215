"""Masks from files, and how one that is a picture follows what moves."""

from fractions import Fraction

import numpy as np
import PIL.Image
import pytest

from vidstyle.errors import OptionError
from vidstyle.masks import MaskFile, Masks
from vidstyle.media import ClipInfo, Frame, ReadOptions, create_clip

INFO = ClipInfo("gif", 64, 48, frame_count=6, tick=Fraction(1, 10))


def save(path, values):
    PIL.Image.fromarray(np.asarray(values, np.uint8)).save(path)
    return path


def mask(path, info=INFO):
    return MaskFile("--mask", path, info, ReadOptions())


def test_a_picture_is_resized_and_says_so(tmp_path):
    values = np.zeros((96, 128))
    values[:, 64:] = 255
    file = mask(save(tmp_path / "m.png", values))
    assert file.notice([(128, 96), (64, 48)]) is None  # the source's size is as good as the result's
    assert file.notice([(99, 96), (64, 48)]).endswith("m.png: is 128x96 and was resized to 64x48")
    (picture,) = file.clip((64, 48), 0, 6)
    np.testing.assert_allclose(picture, np.arange(64) >= 32 * np.ones((48, 1)))


def test_what_is_transparent_is_black(tmp_path):
    values = np.full((48, 64, 4), 255, np.uint8)
    values[:, :32, 3] = 0
    (picture,) = mask(save(tmp_path / "m.png", values)).clip((64, 48), 0, 6)
    assert (picture[:, :32] == 0).all() and (picture[:, 32:] == 1).all()


def clip_of(path, count):
    info = ClipInfo("apng", 64, 48, frame_count=count, tick=Fraction(1, 10))
    with create_clip(path, info) as writer:
        for index in range(count):
            writer.write(Frame(np.full((48, 64, 3), 10 * (index + 1), np.uint8), Fraction(1, 10)))
    return path


def test_a_clip_goes_frame_by_frame(tmp_path):
    def levels(file, first, frames):
        masks = Masks([file], (64, 48), first, frames, "dis")
        blank = np.zeros((48, 64, 3), np.uint8)
        return [round(float(masks.next(blank, False).mean()) * 25.5) for _ in range(frames)]

    whole = mask(clip_of(tmp_path / "m.apng", 6))
    assert levels(whole, 0, 6) == [1, 2, 3, 4, 5, 6]
    assert levels(whole, 2, 3) == [3, 4, 5]  # of the clip's frames, where a part is painted
    assert levels(mask(clip_of(tmp_path / "part.apng", 3)), 2, 3) == [1, 2, 3]


def test_bad_masks(tmp_path):
    with pytest.raises(OptionError, match=r"--mask .*m.png: is black everywhere; make white"):
        mask(save(tmp_path / "m.png", np.zeros((48, 64))))
    with pytest.raises(OptionError, match=r"m.apng: has 5 frames, but 6 are painted; give one picture"):
        mask(clip_of(tmp_path / "m.apng", 5)).clip((64, 48), 0, 6)


def test_a_picture_follows_what_moves_and_does_not_smear(tmp_path):
    rng = np.random.default_rng(0)
    ground = rng.integers(60, 140, (24, 40, 3)).repeat(4, 0).repeat(4, 1)
    thing = rng.integers(160, 255, (8, 8, 3)).repeat(4, 0).repeat(4, 1)
    frames, truths = [], []
    for index in range(16):
        at = 8 + 4 * index
        frames.append(ground.astype(np.uint8))
        frames[-1][32:64, at : at + 32] = thing
        truths.append(np.zeros((96, 160), bool))
        truths[-1][32:64, at : at + 32] = True
    masks = Masks([mask(save(tmp_path / "m.png", 255 * truths[0]))], (160, 96), 0, 16, "dis")
    for frame, truth in zip(frames, truths, strict=True):
        (found,) = masks.next(frame, False)
        both, either = np.minimum(found, truth).sum(), np.maximum(found, truth).sum()
        assert both / either > 0.97
        assert ((found > 0.05) & (found < 0.95)).mean() < 0.01  # its edge is still an edge
    (again,) = masks.next(frames[-1], True)  # after a cut it is as it was given
    assert np.abs(again - truths[0]).mean() < 0.001


def test_what_stands_still_keeps_its_mask_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    still = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
    masks = Masks([mask(save(tmp_path / "m.png", rng.integers(0, 255, (48, 64))))], (64, 48), 0, 6, "dis")
    first = masks.next(still, True)
    moving = still.copy()
    moving[:10, :10] = 255
    np.testing.assert_array_equal(masks.next(moving, False)[:, 20:, 20:], first[:, 20:, 20:])
