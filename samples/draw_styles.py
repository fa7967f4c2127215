"""Draw the sample style pictures: ``python samples/draw_styles.py [names...]`` writes samples/styles/*.png.

Everything is painted at twice the final size on a four-channel canvas (red, green, blue and the
thickness of the paint). The thickness is lit from the upper left at the end, which is what makes
bristles, ridges and bevels visible. All randomness comes from fixed seeds, so the files come out
the same on every run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Array = NDArray[Any]
SIZE = 512  # of the finished pictures
WORK = 2 * SIZE  # of the canvas they are painted on
YY, XX = np.mgrid[0:WORK, 0:WORK].astype(np.float32)


# ---------------------------------------------------------------- paint box


def noise(rng: np.random.Generator, cell: float, octaves: int = 1) -> Array:
    """Smooth noise with features of about `cell` pixels, scaled to mean 0 and deviation 1."""
    total = np.zeros((WORK, WORK), np.float32)
    for octave in range(octaves):
        side = int(WORK / cell * 2**octave) + 3
        grid = rng.normal(size=(side, side)).astype(np.float32)
        total += cv2.resize(grid, (WORK, WORK), interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.asarray((total - total.mean()) / total.std())


def equalise(field: Array) -> Array:
    """Replace every value by its rank, 0 to 1, so that all tones of a ramp get used."""
    order = np.sort(field[::4, ::4], axis=None)
    return np.searchsorted(order, field).astype(np.float32) / order.size


def ramp(colours: ArrayLike, position: Any) -> Array:
    """Colours at `position` (0 to 1) on an evenly spaced ramp."""
    stops = np.asarray(colours, np.float32)
    spots = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(position, spots, stops[:, channel]) for channel in range(3)], axis=-1)


def new_canvas(colour: Sequence[int]) -> Array:
    return np.full((WORK, WORK, 4), (*colour, 40), np.uint8)


def brush(
    canvas: Array, path: Array, width: float, inks: Array, rng: np.random.Generator, dry: float = 0.25, grit: float = 9
) -> None:
    """Drag a flat brush along `path`; its two sides carry the two `inks`, its bristles run out at random."""
    step = np.gradient(path, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / (np.hypot(step[:, 0], step[:, 1])[:, None] + 1e-6)
    along = np.linspace(0, 1, len(path))
    press = np.minimum(1, np.minimum(along * 5 + 0.45, (1 - along) * 3.5 + 0.25))
    count = max(3, int(width / 1.9))
    across = np.linspace(-1, 1, count)
    for t in across[rng.permutation(count)]:
        mix = np.clip(0.5 + 0.5 * t + rng.normal(0, 0.22), 0, 1)
        colour = inks[0] * (1 - mix) + inks[1] * mix + rng.normal(0, grit) + rng.normal(0, 3, 3)
        height = np.clip(125 + 55 * abs(t) ** 3 + rng.normal(0, 32), 30, 255)
        first = int(len(path) * rng.random() * dry * 0.5)
        last = max(first + 2, int(len(path) * (1 - dry * rng.random() * (0.5 + abs(t)))))
        line = (path + normal * (t * width / 2 * press)[:, None])[first:last]
        pixels = np.round(line * 16).astype(np.int32)[:, None]
        paint = (*np.clip(colour, 0, 255).tolist(), float(height))
        cv2.polylines(canvas, [pixels], False, paint, int(rng.integers(2, 4)), cv2.LINE_AA, 4)


def weave(rng: np.random.Generator, pitch: float) -> Array:
    """Height of a plain-woven canvas with uneven threads."""
    x, y = XX + 2.5 * noise(rng, 60), YY + 2.5 * noise(rng, 60)
    over = np.sin(x * np.pi / pitch) * np.sin(y * np.pi / pitch) > 0
    threads = np.where(over, np.abs(np.sin(x * np.pi / pitch)), np.abs(np.sin(y * np.pi / pitch)))
    return np.asarray(threads * (1 + 0.25 * noise(rng, 9)))


def light(colour: Array, height: Array, strength: float, shine: float) -> Array:
    """Light a relief from the upper left; `shine` adds white where the surface faces the light."""
    smooth = cv2.GaussianBlur(height.astype(np.float32), (0, 0), 1.1)
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125) + 1.3 * cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    glow = np.tanh(slope * strength / 60)[..., None]
    lit = colour.astype(np.float32) * (1 + 0.55 * np.minimum(glow, 0) + 0.3 * np.maximum(glow, 0))
    return np.asarray(lit + 255 * shine * np.maximum(glow, 0) ** 2)


def save(picture: Array, path: Path) -> None:
    small = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    Image.fromarray(np.clip(small + 0.5, 0, 255).astype(np.uint8)).save(path, optimize=True)


# ---------------------------------------------------------------- the pictures


def cubist() -> Array:
    """Interlocking facets of ochre, grey and blue, hatched along their own directions."""
    rng = np.random.default_rng(1907)
    canvas = new_canvas((112, 88, 58))
    region, value = noise(rng, 300), noise(rng, 260)
    axes = np.radians([12, 40, 68, 90, 110, 142])
    planes = [np.array([(-60, -60), (WORK + 60, -60), (WORK + 60, WORK + 60), (-60, WORK + 60)], np.float64)]
    cells: list[Array] = []
    while planes:  # cut the picture into planes, smaller ones towards the middle
        plane = planes.pop()
        middle, extent = plane.mean(0), np.ptp(plane, axis=0).max()
        target = 105 + 0.26 * abs(middle[0] - 0.5 * WORK) + 0.16 * abs(middle[1] - 0.45 * WORK)
        if extent < target * rng.uniform(0.8, 2.0):
            cells.append(plane)
            continue
        long = np.arctan2(*(plane[np.argmax(np.hypot(*(plane - middle).T))] - middle)[::-1])
        angle = axes[np.argmax(np.abs(np.sin(axes - long)) + rng.normal(0, 0.35, len(axes)))] + rng.normal(0, 0.08)
        planes += cut(plane, middle + rng.normal(0, 0.09, 2) * extent, angle)
    for index in rng.permutation(len(cells)):
        swell = (cells[index] - cells[index].mean(0)) * rng.uniform(1.02, 1.22)  # planes slide over their neighbours
        facet(canvas, cells[index].mean(0) + swell, region, value, 0.35, rng)
    for number in range(170):  # smaller planes float above, open on one side
        angle, reach = rng.choice(axes), rng.choice([120, 80, 54, 36])
        turn = angle + rng.choice([-1, 1]) * rng.uniform(0.8, 1.5)
        a = np.array([np.cos(angle), np.sin(angle)]) * reach * rng.uniform(0.6, 1.0)
        b = np.array([np.cos(turn), np.sin(turn)]) * reach * rng.uniform(0.3, 0.7)
        shape = rng.normal([0.5, 0.47], [0.2, 0.26]) * WORK + np.array([-a - b, a - b, a + b, b - a])
        shape = np.delete(shape, rng.integers(4), axis=0) if number % 3 == 0 else shape
        facet(canvas, shape + rng.normal(0, 0.1 * reach, shape.shape), region, value, 0.9, rng)
    for _ in range(9):  # curves of the drawing: shoulders, bowls, scrolls
        bend = rng.choice(axes) + rng.choice([-1, 1]) * np.linspace(0, rng.uniform(1.0, 2.8), 30)
        path = np.stack([np.cos(bend), np.sin(bend)], 1).cumsum(0) * rng.uniform(2.5, 8)
        outline(canvas, path + rng.normal(0.5, 0.2, 2) * WORK, rng.uniform(3.5, 8), rng)
    push = [(grid + 2.0 * noise(rng, 80, 2)).astype(np.float32) for grid in (XX, YY)]
    canvas = cv2.remap(canvas, push[0], push[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    cloth = weave(rng, 5.0)
    worn = np.clip(1.0 + 0.06 * noise(rng, 40, 4) + 0.12 * (cloth - 0.6), 0, 2)[..., None]
    return light(canvas[..., :3] * worn, canvas[..., 3] + 22 * cloth, 1.5, 0.04)


def cut(plane: Array, point: Array, angle: float) -> list[Array]:
    """Cut a convex polygon in two along the line through `point`."""
    normal = np.array([-np.sin(angle), np.cos(angle)])
    sides: tuple[list[Array], list[Array]] = ([], [])
    for p, q in zip(plane, np.roll(plane, -1, axis=0), strict=True):
        dp, dq = (p - point) @ normal, (q - point) @ normal
        sides[int(dp > 0)].append(p)
        if dp * dq < 0:
            for side in sides:
                side.append(p + (q - p) * dp / (dp - dq))
    return [np.array(side) for side in sides if len(side) > 2]


def outline(canvas: Array, path: Array, width: float, rng: np.random.Generator) -> None:
    dark = np.array([(20, 16, 16), (50, 40, 34)], np.float32)
    path = path + rng.normal(0, 0.5, path.shape)
    brush(canvas, path, width, dark, rng, dry=0.35, grit=6)
    brush(canvas, path[len(path) // 3 :], width * 1.5, dark, rng, dry=0.8, grit=6)  # leaning on the brush


OCHRES = [(40, 26, 14), (98, 64, 30), (156, 110, 54), (196, 154, 92), (228, 202, 150), (246, 232, 196)]
GREYS = [(22, 21, 21), (66, 62, 56), (112, 106, 94), (154, 146, 128), (196, 188, 168), (238, 232, 214)]
BLUES = [(14, 20, 30), (40, 56, 72), (72, 94, 110), (112, 134, 142), (160, 176, 174), (218, 222, 210)]
ROSES = [(40, 20, 14), (94, 50, 32), (142, 84, 58), (180, 128, 96), (214, 176, 144), (240, 220, 196)]


def facet(canvas: Array, corners: Array, region: Array, value: Array, open_: float, rng: np.random.Generator) -> None:
    """Paint one plane: hatched, shaded from edge to edge, sometimes open on one side, partly outlined."""
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 4, WORK)
    if np.any(high - low < 10):
        return
    view = canvas[low[1] : high[1], low[0] : high[0]]
    column, row = np.clip(corners.mean(0), 0, WORK - 1).astype(int)
    edges = np.roll(corners, -1, axis=0) - corners
    edge = edges[rng.choice(len(edges), p=np.hypot(*edges.T) / np.hypot(*edges.T).sum())]
    way = edge / np.hypot(*edge)
    across = np.array([-way[1], way[0]]) * rng.choice([-1, 1])
    spread = corners @ across
    pick = region[row, column] + rng.normal(0, 0.5)
    kind = OCHRES if pick < -0.25 else GREYS if pick < 0.35 else BLUES
    kind = ROSES if rng.random() < 0.08 else kind
    base = np.clip(0.5 + 0.15 * value[row, column] + rng.normal(0, 0.15), 0.18, 0.8)
    gx, gy = XX[: high[1] - low[1], : high[0] - low[0]] + low[0], YY[: high[1] - low[1], : high[0] - low[0]] + low[1]
    depth = np.clip((gx * across[0] + gy * across[1] - spread.min()) / np.ptp(spread), 0, 1)
    tones = np.clip(base + rng.uniform(0.4, 1.0) * (depth**0.8 - 0.55), 0.02, 0.98)
    patch = np.dstack([ramp(kind, tones), np.full(tones.shape, 90)]).astype(np.uint8)
    reach = float(np.sqrt(np.prod(high - low)))
    width = float(np.clip(reach * 0.07, 6, 16)) * rng.uniform(0.8, 1.25)
    way = way if rng.random() < 0.6 else across * 0.8 + way * 0.6
    for place in rng.random((int(1.1 * np.prod(high - low) / (width * width * 4)) + 6, 2)) * (high - low):
        shade = tones[int(place[1]), int(place[0])] + rng.normal(0, 0.055)
        inks = ramp(kind if rng.random() < 0.9 else GREYS, np.clip([shade - 0.03, shade + 0.04], 0, 1))
        length, t = width * rng.uniform(2.5, 6), np.linspace(-0.5, 0.5, 9)[:, None]
        bow = np.array([-way[1], way[0]]) * rng.normal(0, 0.05) * length
        brush(patch, place + way * t * length + bow * (1 - 4 * t * t), width, inks, rng, dry=0.5, grit=5)
    mask = np.zeros(view.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((corners - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    cover = mask.astype(np.float32) / 255
    if rng.random() < open_:  # passage: the plane melts into what lies behind it, bristle by bristle
        cover *= np.clip(depth * 2.6 + (patch[..., 3] - 140.0) / 160, 0, 1)
    view[:] = np.round(view + (patch.astype(np.float32) - view) * cover[..., None]).astype(np.uint8)
    for index in rng.permutation(len(corners))[: rng.integers(1, 4)]:
        t = np.linspace(-0.03, rng.uniform(0.85, 1.06), 24)[:, None]
        outline(canvas, corners[index] + edges[index] * t, rng.uniform(1.6, 2.6 + reach * 0.012), rng)


def swirl() -> Array:
    """A night of whirling strokes: blues and teals, with lights of yellow and ochre."""
    rng = np.random.default_rng(1889)
    sky = [(9, 14, 40), (20, 34, 92), (36, 66, 142), (54, 104, 168), (84, 148, 172), (150, 194, 190), (228, 230, 196)]
    fire = [(150, 88, 22), (206, 146, 34), (240, 198, 62), (252, 232, 140), (255, 250, 214)]
    land = [(8, 14, 20), (16, 34, 42), (22, 60, 62), (54, 88, 62), (112, 122, 58), (176, 156, 74)]
    whirls = [(350, 400, 190, 1), (610, 545, 120, -1), (850, 620, 100, 1), (90, 640, 120, -1), (600, 110, 110, -1)]
    lamps = [(150, 150, 78), (810, 210, 112), (430, 90, 46), (600, 330, 44), (960, 430, 52), (90, 430, 46)]
    lamps += [(300, 660, 40), (730, 420, 34), (990, 60, 50)]
    vx = 1 + 0.25 * noise(rng, 240)
    vy = 0.45 * np.sin(XX / 120 + 0.6 * noise(rng, 300)) + 0.25 * noise(rng, 200)
    glow = np.zeros((WORK, WORK), np.float32)
    for cx, cy, radius, spin in [*whirls, *((x, y, 1.25 * r, 1) for x, y, r in lamps)]:
        dx, dy = XX - cx, YY - cy
        far = np.hypot(dx, dy) + 1
        pull = 5 * np.exp(-((far / radius) ** 2))
        vx += pull * (-dy * spin - 0.22 * dx) / far
        vy += pull * (dx * spin - 0.22 * dy) / far
    for cx, cy, radius in lamps:
        far = np.hypot(XX - cx, YY - cy) / radius
        glow = np.maximum(glow, np.exp(-(far**2) * 1.5) * (1.0 + 0.14 * np.cos(far * 11)))
    ridge = 815 + 46 * np.sin(XX / 150) + 22 * np.sin(XX / 53 + 1) - 0.06 * XX
    ground = YY - ridge
    below = ground > 0
    vx = np.where(below, 1.0, vx)
    vy = np.where(below, 0.75 * np.cos(XX / 110 + YY / 60) + 0.3 * noise(rng, 90), vy)
    length = np.hypot(vx, vy) + 1e-6
    vx, vy = (vx / length).astype(np.float32), (vy / length).astype(np.float32)
    tone = np.zeros_like(glow)
    grain = noise(rng, 26, 2) + 0.5 * noise(rng, 150)
    for sign in (-1, 1):  # smear noise along the flow: bands of light and dark that swirl with it
        px, py = XX.copy(), YY.copy()
        for _ in range(36):
            tone += cv2.remap(grain, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            ix, iy = np.clip(px, 0, WORK - 1).astype(int), np.clip(py, 0, WORK - 1).astype(int)
            px, py = px + sign * 4 * vx[iy, ix], py + sign * 4 * vy[iy, ix]
    tone = equalise(tone)
    canvas = new_canvas((14, 20, 46))
    for width, count, reach in ((26, 1500, 90), (17, 3200, 74), (11, 4200, 52), (7, 2600, 34)):
        paths = np.zeros((count, 13, 2))
        paths[:, 0] = rng.uniform(-60, WORK + 30, (count, 2))
        for step in range(1, 13):
            ij = np.clip(paths[:, step - 1], 0, WORK - 1).astype(int)
            move = np.stack([vx[ij[:, 1], ij[:, 0]], vy[ij[:, 1], ij[:, 0]]], axis=1)
            paths[:, step] = paths[:, step - 1] + move * reach / 12
        for path in paths:
            mx, my = np.clip(path[6], 0, WORK - 1).astype(int)
            place = np.clip(tone[my, mx] + rng.normal(0, 0.13) + [-0.07, 0.07], 0, 1)
            inks = ramp(land if below[my, mx] else sky, place if below[my, mx] else place**1.15)
            lamp = glow[my, mx] + rng.normal(0, 0.10)
            if lamp > 0.30 and not below[my, mx]:
                inks = ramp(fire, np.clip([lamp - 0.22, lamp - 0.02], 0, 1))
            elif rng.random() < 0.02:
                inks = ramp(fire, rng.random(2) * 0.5) * 0.85
            brush(canvas, path, width * rng.uniform(0.7, 1.2), inks, rng)
        for start in rng.random(14) * WORK:  # dark drawing along the hills
            xs = start + np.linspace(0, 130, 14)
            column = np.clip(xs, 0, WORK - 1).astype(int)
            path = np.stack([xs, ridge[0, column] + rng.normal(0, 4)], axis=1)
            brush(canvas, path, 10, np.array([(8, 12, 26), (18, 30, 58)], np.float32), rng)
    return light(canvas[..., :3], canvas[..., 3] + 12 * weave(rng, 5.0), 2.8, 0.14)


def mosaic() -> Array:
    """Stone and glass tesserae set in rows along the outlines of a sun, a fish and waves."""
    rng = np.random.default_rng(547)
    ring = np.hypot(XX - 720, YY - 290)
    ray = 0.5 + 0.5 * np.cos(np.arctan2(YY - 290, XX - 720) * 12)
    fx, fy = (XX - 400) * 0.94 + (YY - 600) * 0.34, (YY - 600) * 0.94 - (XX - 400) * 0.34
    body = np.maximum(np.hypot(fx, fy - 190), np.hypot(fx, fy + 190)) - 330
    tail = np.maximum(np.abs(fy) - 0.75 * (-fx - 235), -fx - 385 + 0.35 * np.abs(fy))
    fin = np.maximum(np.hypot(fx + 20, fy + 120) - 100, -(np.hypot(fx + 100, fy + 190) - 110))
    crests = [440, 610, 780, 900]
    label = np.zeros((WORK, WORK), np.int32)
    for index, crest in enumerate(crests):
        phase = XX / 82 + index * 1.9
        top = crest + 62 * np.abs(np.sin(phase / 2)) - 30 * np.sin(phase * 0.37)
        label[top < YY] = 1 + index
    for index, inside in enumerate([ring < 165 + 80 * ray**2, ring < 150, ring < 108, ring < 58]):
        label[inside & (label == 0) | inside & (ring < 120)] = 5 + index
    for index, inside in enumerate([np.minimum(body, np.minimum(tail, fin)) < 18, fin < 0, tail < 0, body < 0]):
        label[inside] = 9 + index
    label[(body < 0) & (fx > 105 + 0.0016 * fy**2)] = 13
    label[np.hypot(fx - 160, fy + 24) < 30] = 14
    label[np.hypot(fx - 160, fy + 24) < 13] = 15
    margin = np.minimum(np.minimum(XX, WORK - XX), np.minimum(YY, WORK - YY))
    label[margin < 62] = 16
    label[margin < 40] = 17
    ivory = [(176, 160, 128), (206, 192, 160), (228, 218, 190), (240, 234, 214)]
    gold = [(138, 92, 24), (188, 136, 36), (222, 176, 62), (246, 214, 118)]
    clay = [(104, 40, 24), (150, 66, 38), (186, 92, 54), (214, 134, 88)]
    turquoise = [(10, 66, 78), (22, 112, 120), (56, 158, 156), (132, 204, 190)]
    night = [(12, 22, 44), (20, 42, 78), (34, 74, 112), (66, 116, 142)]
    soot = [(22, 20, 22), (44, 36, 34), (70, 54, 44), (92, 66, 50)]
    inks = [ivory, turquoise, night, turquoise, night, gold, clay, gold, clay]
    inks += [soot, clay, gold, gold, clay, ivory, soot, gold, night]
    free = np.full((WORK, WORK), 255, np.uint8)
    grout = np.stack([104 + 9 * noise(rng, 7, 2) + shift for shift in (0, -10, -24)], axis=-1)
    colour, height = np.clip(grout, 20, 255), 14 + 5 * noise(rng, 5, 2)
    grain, cloud = noise(rng, 5, 2), noise(rng, 130, 2)

    def lay(centre: Array, angle: float, length: float, depth: float, need: float, kind: int, row: int) -> None:
        """Set one stone if at least the share `need` of its place is still free; it is chipped to fit."""
        u = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        v = np.array([-np.sin(angle), np.cos(angle)]) * depth / 2
        quad = centre + np.array([-u - v, u - v, u + v, v - u]) + rng.normal(0, 0.9, (4, 2))
        low = np.maximum(np.floor(quad.min(0)).astype(int) - 3, 0)
        high = np.minimum(np.ceil(quad.max(0)).astype(int) + 4, WORK)
        if np.any(high - low < 5):
            return
        area = (slice(low[1], high[1]), slice(low[0], high[0]))
        stone = np.zeros(free[area].shape, np.uint8)
        cv2.fillConvexPoly(stone, np.round((quad - low) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        fits = cv2.bitwise_and(stone, free[area])
        if float(fits.sum()) < need * stone.sum() or fits.sum() < 255 * 14:
            return
        free[area] = cv2.subtract(free[area], cv2.dilate(fits, np.ones((5, 5), np.uint8)))
        x, y = np.clip(centre, 0, WORK - 1).astype(int)
        tone = 0.5 + 0.17 * cloud[y, x] + 0.12 * (row % 2) + rng.normal(0, 0.2)
        hue = inks[rng.integers(len(inks))] if rng.random() < 0.015 else inks[kind]
        flat = ramp(hue, np.clip(tone, 0, 1)) + rng.normal(0, 6, 3)
        cover = (fits.astype(np.float32) / 255)[..., None]
        face = flat + (7 * grain[area] + 3 * rng.normal(size=fits.shape))[..., None]
        colour[area] += (face - colour[area]) * cover
        tilt = rng.normal(0, 1.6, 2)
        plane = 95 + (XX[area] - centre[0]) * tilt[0] + (YY[area] - centre[1]) * tilt[1] + 4 * grain[area]
        height[area] += (plane - height[area]) * cover[..., 0]

    size = 19.0
    for kind in (15, 14, 17, 16, 13, 12, 11, 10, 9, 8, 7, 6, 5, 1, 2, 3, 4, 0):
        inside = cv2.copyMakeBorder((label == kind).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        reach = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
        pitch = 13.0 if kind in (9, 14, 15) else size
        for row in range(int(reach.max() / pitch) + 1):  # rows follow the outline inwards
            level = (reach > (row + 0.5) * pitch).astype(np.uint8)
            for contour in cv2.findContours(level, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]:
                line = cv2.blur(contour[:, 0].astype(np.float32), (1, 9), borderType=cv2.BORDER_REPLICATE)
                walked = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
                at = rng.uniform(0, pitch)
                while at < walked[-1]:
                    length = pitch * rng.uniform(0.75, 1.3)
                    ends = [[np.interp(at + d, walked, line[:, k]) for k in (0, 1)] for d in (0, length / 2, length)]
                    way = np.subtract(ends[2], ends[0])
                    lay(np.array(ends[1]), float(np.arctan2(way[1], way[0])), length, pitch, 0.62, kind, row)
                    at += length
    for _ in range(26):  # splinters close the gaps that are left
        gap = cv2.distanceTransform(free, cv2.DIST_L2, 3)
        peaks = np.argwhere((gap == cv2.dilate(gap, np.ones((9, 9), np.uint8))) & (gap > 3.2))
        for y, x in peaks[rng.permutation(len(peaks))[:100]]:
            side = float(np.clip(2.6 * gap[y, x], 8, 20))
            lay(np.array([x, y], np.float64), rng.uniform(0, 3), side * 1.3, side, 0.45, int(label[y, x]), 0)
    worn = np.clip(1 + 0.05 * noise(rng, 60, 4), 0, 2)[..., None]
    return light(colour * worn, cv2.GaussianBlur(height.astype(np.float32), (0, 0), 1.0), 2.2, 0.10)


PICTURES = {"cubist": cubist, "swirl": swirl, "mosaic": mosaic}


def main(names: Sequence[str]) -> None:
    folder = Path(__file__).resolve().parent / "styles"
    folder.mkdir(exist_ok=True)
    for name in names or list(PICTURES):
        save(PICTURES[name](), folder / f"{name}.png")
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
