"""Cuts, and what looks like one."""

import cv2
import numpy as np
import pytest

from vidstyle.motion.shots import Shot, find_shots, split


def film(seed, frames):
    """A scene under a camera that moves a pixel a frame."""
    noise = np.random.default_rng(seed).uniform(0, 255, (96, 200, 3)).astype(np.float32)
    scene = np.clip((cv2.GaussianBlur(noise, (0, 0), 9) - 128) * 12 + 128, 0, 255)
    return [scene[:, i : i + 128].astype(np.uint8) for i in range(frames)]


def test_cuts_are_found_where_they_are():
    frames = film(1, 20) + film(2, 5) + film(3, 30)
    assert find_shots(frames) == [Shot(0, 20), Shot(20, 25), Shot(25, 55)]


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_no_cut_in_one_scene(count):
    assert find_shots(film(1, count)) == ([Shot(0, count)] if count else [])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length):
    frames = film(1, 40)
    for index in range(20, 20 + length):
        frames[index] = np.clip(frames[index].astype(int) + 120, 0, 255).astype(np.uint8)
    assert find_shots(frames) == [Shot(0, 40)]


def test_a_fade_to_black_and_back_is_no_cut():
    light = np.concatenate([np.ones(10), np.linspace(1, 0, 10), np.zeros(4), np.linspace(0, 1, 10), np.ones(6)])
    frames = [(frame * part).astype(np.uint8) for frame, part in zip(film(1, 40), light, strict=True)]
    assert find_shots(frames) == [Shot(0, 40)]


def test_a_cross_fade_is_no_cut():
    mix = np.clip(np.linspace(-1, 2, 40), 0, 1)
    frames = [(a * (1 - m) + b * m).astype(np.uint8) for a, b, m in zip(film(1, 40), film(2, 40), mix, strict=True)]
    assert find_shots(frames) == [Shot(0, 40)]


def test_long_shots_are_split_into_equal_parts():
    parts = split([Shot(0, 20), Shot(20, 120)], 30)
    assert [(part.start, part.stop, part.joined) for part in parts] == [
        (0, 20, False),
        (20, 53, False),
        (53, 86, True),
        (86, 120, True),
    ]
    assert [part.stop - part.start for part in split([Shot(0, 49)], 1)] == [24, 25]  # twice the overlap
