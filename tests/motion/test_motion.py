"""Warping, flow and reliability on movements that are known."""

import itertools

import cv2
import numpy as np
import pytest

from vidstyle.motion.carry import carry, find_origins, follow
from vidstyle.motion.flow import FLOWS, closer_size, estimate_motion
from vidstyle.motion.reliability import Motion, nearest, reliable, warp, warp_paint, warping_error


def texture(height=96, width=128, seed=0):
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip((smooth - 128) * 5 + 128, 0, 255)


def moved(image, dx, dy):
    """The image moved dx to the right and dy down, in whole pixels."""
    return np.roll(image, (dy, dx), (0, 1))


def constant_flow(height, width, x, y):
    return np.broadcast_to(np.array([x, y], np.float32), (height, width, 2)).copy()


@pytest.mark.parametrize("way", [warp, warp_paint])
def test_warp_by_whole_pixels_is_exact(way):
    image = texture()
    back = way(image, constant_flow(96, 128, -3, 2))  # what is at y came from three to the left and two below
    np.testing.assert_allclose(back[4:-4, 4:-4], moved(image, 3, -2)[4:-4, 4:-4], atol=1e-3)


def test_the_nearest_pixel_of_a_flow_is_where_warping_takes_it_from():
    image = texture()
    flow = np.random.default_rng(3).integers(-5, 6, (96, 128, 2)).astype(np.float32)
    flow[:5], flow[-5:], flow[:, :5], flow[:, -5:] = 0, 0, 0, 0
    flow += np.random.default_rng(4).uniform(-0.4, 0.4, flow.shape).astype(np.float32)
    np.testing.assert_allclose(image.reshape(-1, 3)[nearest(flow)], warp(image, np.rint(flow)), atol=1e-3)
    outside = nearest(constant_flow(96, 128, -500, 500))
    assert (outside == 95 * 128).all()


def test_sharp_warp_loses_less_detail_than_linear():
    image = texture()

    def after_ten(way):
        result = image
        for step in range(10):
            result = way(result, constant_flow(96, 128, *(0.5, 0.5) if step % 2 else (-0.5, -0.5)))
        return np.abs(result - image)[16:-16, 16:-16].mean()

    assert after_ten(warp_paint) < 0.8 * after_ten(warp)


@pytest.mark.parametrize("method", FLOWS)
@pytest.mark.parametrize("size", [(16, 300), (300, 16), (31, 200), (16, 1000), (5, 40)])
def test_flow_of_narrow_frames(method, size):
    before = texture(*size).astype(np.uint8)
    motion = estimate_motion(before, before, method)
    np.testing.assert_allclose(motion.backward, np.zeros((*size, 2)), atol=0.3)


@pytest.mark.parametrize("method", FLOWS)
def test_flow_of_a_known_translation(method):
    before = texture().astype(np.uint8)
    motion = estimate_motion(before, moved(before, 4, -3), method)
    inside = motion.backward[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(inside, (0, 1)), [-4, 3], atol=0.2)
    assert motion.reliable[16:-16, 16:-16].mean() > 0.9
    assert set(np.unique(motion.reliable)) <= {0.0, 1.0}


def test_disocclusion_is_unreliable():
    """A square that moves to the right uncovers its left edge."""
    ground, square = texture(seed=1), texture(40, 40, seed=2)
    before, after = ground.copy(), ground.copy()
    before[30:70, 40:80] = square
    after[30:70, 46:86] = square
    motion = estimate_motion(before.astype(np.uint8), after.astype(np.uint8), "dis")
    assert motion.reliable[36:64, 41:45].mean() < 0.4  # uncovered
    assert motion.reliable[38:62, 58:78].mean() > 0.9  # the square itself
    assert motion.reliable[:16].mean() > 0.95


def test_what_comes_from_outside_is_unreliable():
    still = np.zeros((20, 30, 2), np.float32)
    into = constant_flow(20, 30, -5, 0)
    assert reliable(still, still).all()
    mask = reliable(into, -into)
    assert not mask[:, :5].any() and mask[:, 5:].all()


def test_a_motion_boundary_is_unreliable():
    flow = np.zeros((20, 30, 2), np.float32)
    flow[:, 15:, 0] = 1.0
    mask = reliable(flow, -flow)
    assert not mask[:, 14:16].any()
    assert mask[:, 5:10].all() and mask[:, 20:28].all()


def test_warping_error_of_a_perfect_movement_is_nothing_and_of_a_known_one_is_known():
    image = texture()
    flow = constant_flow(96, 128, -3, 0)
    inside = np.zeros((96, 128), np.float32)
    inside[4:-4, 4:-4] = 1
    assert warping_error(image, moved(image, 3, 0), Motion(flow, inside)) < 1e-8
    darker = moved(image, 3, 0) - 25.5
    assert warping_error(image, darker, Motion(flow, inside)) == pytest.approx(0.01, rel=1e-3)
    assert warping_error(image, darker, Motion(flow, 0 * inside)) == 0


def test_motion_found_in_larger_frames_is_that_of_the_painted_ones():
    large = texture().astype(np.uint8)
    motion = estimate_motion(large, moved(large, 4, -2), "dis", (48, 64))
    assert motion.backward.shape == (48, 64, 2) and motion.reliable.shape == (48, 64)
    np.testing.assert_allclose(motion.backward[8:-8, 8:-8].mean((0, 1)), (-2, 1), atol=0.1)


@pytest.mark.parametrize(
    ("painted", "source", "expected"),
    [
        ((256, 144), (1280, 720), (512, 288)),
        ((256, 144), (320, 180), (320, 180)),
        ((256, 144), (256, 144), (256, 144)),
        ((256, 192), (176, 144), (256, 192)),
    ],
)
def test_motion_is_looked_for_in_frames_up_to_twice_as_large(painted, source, expected):
    assert closer_size(painted, source, "dis-fine") == expected
    assert closer_size(painted, source, "dis") == painted


def test_what_was_covered_for_a_moment_gets_its_old_paint_back():
    """A square passes in front of a still ground; behind it the paint is that of two frames before."""
    ground, square = texture(seed=1).astype(np.uint8), texture(seed=2).astype(np.uint8)[:40, :24]
    sources = [ground.copy() for _ in range(4)]
    for index, left in enumerate((20, 44, 68, 92)):
        sources[index][28:68, left : left + 24] = square
    paint = [np.full(ground.shape, 10.0 * index, np.float32) for index in range(3)]
    origins = find_origins(sources[:3], sources[3], "dis")
    moved_here = carry(paint, origins)
    behind = moved_here[36:60, 72:88]
    assert origins.far[0].distance == 2
    assert (behind == 10).mean() > 0.5  # the first time the square had not come there yet
    np.testing.assert_allclose(moved_here[:20], 20, rtol=1e-5)


def test_where_nothing_changes_nothing_moves_and_what_does_is_found_as_in_the_whole():
    background, thing = texture(144, 256), texture(30, 30, seed=1)
    before, after = background.copy(), background.copy()
    before[60:90, 100:130], after[62:92, 103:133] = thing, thing
    origins = find_origins([before], after, "dis")
    far = np.ones(before.shape[:2], np.bool_)
    far[20:130, 60:180] = False
    assert not origins.motion.backward[far].any() and origins.reliable[far].all()
    inside = np.s_[68:86, 109:127]
    errors = [
        np.abs(found.backward[inside] - (-3, -2)).mean()
        for found in (origins.motion, estimate_motion(before, after, "dis"))
    ]
    assert errors[0] < max(0.2, 1.1 * errors[1])
    still = find_origins([before], before, "dis")
    assert not still.motion.backward.any() and still.reliable.all()


def test_paint_moves_where_things_do_and_stays_to_the_last_bit_elsewhere():
    ground, thing = texture(), texture(24, 24, seed=1)
    frames = [ground.copy() for _ in range(2)]
    for frame, left in zip(frames, (50, 53), strict=True):
        frame[36:60, left : left + 24] = thing
    origins = find_origins(frames[:1], frames[1], "dis")
    paint = texture(seed=2).astype(np.float32)
    flow = origins.motion.backward
    found, whole = carry([paint], origins), warp_paint(paint, flow)
    np.testing.assert_allclose(found, whole, atol=0.05)
    still = (flow == 0).all(-1)
    assert 0.3 < still.mean() < 0.9
    np.testing.assert_array_equal(found[still], paint[still])


def test_what_is_replaced_in_place_is_not_reliable():
    """A disc comes out of nothing, where the flow, which leads back and forth, says that nothing moved."""
    before = texture(144, 256).astype(np.uint8)
    after = before.copy()
    cv2.circle(after, (120, 70), 16, (250, 240, 20), -1)
    cv2.line(after, (0, 120), (255, 130), (250, 240, 20), 3)  # thin: an edge that the flow missed by a pixel
    changed = np.any(before != after, -1)
    still = Motion(np.zeros((144, 256, 2), np.float32), np.ones((144, 256), np.float32))
    origins = find_origins([before], after, "dis", still)
    found, new = origins.reliable, origins.new
    assert new[60:80, 110:130].min() > 0.8 and max(np.abs(np.diff(new, axis=axis)).max() for axis in (0, 1)) < 0.4
    assert found[:100][changed[:100]].mean() < 0.2 and found[60:80, 110:130].mean() < 0.02
    assert found[100:].all() and found[~changed].all()
    # All of a scene in another light is still the same scene.
    lighter = np.clip(0.6 * before + 100, 0, 255).astype(np.uint8)
    assert find_origins([before], lighter, "dis", still).reliable.all()


@pytest.mark.parametrize(("change", "frames"), [("dissolve", 8), ("dissolve", 16), ("light", 8), ("none", 8)])
def test_what_a_dissolve_leads_to_begins_anew_and_what_stays_does_not(change, frames):
    before, after = np.full((96, 128, 3), 60, np.float32), texture(96, 128)
    before[:, 64:] = after[:, 64:] = texture(96, 64, seed=1)
    still = Motion(np.zeros((96, 128, 2), np.float32), np.ones((96, 128), np.float32))
    ends = {"dissolve": (before, after), "light": (after, 0.5 * after), "none": (after, after)}
    first, last = ends[change]
    shares = [min(1.0, index / frames) for index in range(frames + 4)]
    sources = [np.rint(first + share * (last - first)).astype(np.uint8) for share in shares]
    shown = sources[0].astype(np.float32)
    old = np.ones((96, 128), np.float32)  # how much of the first frame's paint is left
    for source, frame in itertools.pairwise(sources):
        origins, shown = follow(shown, frame, find_origins([source], frame, "dis", still))
        old *= 1 - origins.new
    assert old[:, 80:].mean() > 0.99
    assert (old[:, :48].mean() < 0.4) == (change == "dissolve")


def test_what_was_covered_is_not_taken_for_something_new():
    ground = texture(seed=1).astype(np.uint8)
    covered = ground.copy()
    covered[28:68, 40:80] = 250
    sources = [ground, ground, covered, ground]
    shown = ground.astype(np.float32)
    for index in range(1, 4):
        found = find_origins(sources[:index], sources[index], "dis")
        origins, shown = follow(shown, sources[index], found)
    assert found.far and origins.reliable[36:60, 48:72].mean() > 0.9
