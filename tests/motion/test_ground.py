"""A still ground keeps its paint, whatever passes in front of it."""

import itertools

import numpy as np
import pytest

from vidstyle.motion.carry import Past, carry, find_origins
from vidstyle.motion.flow import estimate_motion
from vidstyle.motion.ground import Ground
from vidstyle.motion.still import BESIDE, at_rest, beside

SIZE, SIDE, TOP = (96, 160), 28, 40
SKY, MEADOW = (120, 190, 240), (90, 170, 80)


def drawn(left, lit=0):
    """A picture of an even sky and meadow with a chequered square before them, and where that is; lit: of a lamp."""
    picture = np.empty((*SIZE, 3), np.uint8)
    picture[:60], picture[60:] = SKY, MEADOW
    picture[4:12, 148:156] = lit
    squares = np.kron(np.indices((7, 7)).sum(0) % 2, np.ones((4, 4)))[..., None] * (200, -40, 30) + (30, 60, 90)
    place = np.zeros(SIZE, np.bool_)
    place[TOP : TOP + SIDE, max(0, left) : max(0, left + SIDE)] = True
    picture[place] = squares[:, max(0, -left) :].reshape(-1, 3)[: place.sum()]
    return picture, place


def carried(lefts, paint, lit=itertools.repeat(0)):
    """What the paint of the first frame has become in each, if nothing is painted; and where it came from."""
    ground, (source, _) = Ground(), drawn(lefts[0])
    never = np.ones(SIZE, np.bool_)  # has it changed, so it keeps its paint
    history, found = [Past(source, paint)], [(paint, None)]
    for left, light in zip(lefts[1:], lit, strict=False):
        frame, _ = drawn(left, light)
        origins = find_origins([past.source for past in history[-8:]], frame, "dis")
        if (frame != history[-1].source).any():
            origins = ground.uncover(history[-1], frame, origins)
        never &= (frame == source).all(-1)
        image = carry([past.image for past in history[-8:]], origins)
        history.append(Past(frame, np.where(never[..., None] & ~taken(origins), paint, image)))
        ground.keep(history[-1], origins.still)
        found.append((history[-1].image, origins))
    return found


def taken(origins):
    return False if origins.bared is None else origins.bared.take[..., None]


@pytest.fixture
def paint():
    return np.random.default_rng(0).uniform(0, 255, (*SIZE, 3)).astype(np.float32)


def test_an_even_ground_does_not_go_along_with_what_moves_in_front_of_it():
    (before, _), (after, square) = drawn(40), drawn(46)
    motion = estimate_motion(before, after, "dis")
    assert (np.abs(motion.backward[~square]) > 1).any(-1).mean() > 0.1  # or there were nothing to mend
    mended, still = at_rest(motion, before, after)
    near = beside((before != after).any(-1))
    assert not (still & near).any() and still.mean() > 0.5 and not still[square].any()
    assert not mended.backward[still].any() and mended.reliable[still].all()
    np.testing.assert_array_equal(mended.backward[~still], motion.backward[~still])


def test_what_is_still_all_over_or_nowhere_is_left_as_the_flow_says():
    picture, _ = drawn(40)
    film = np.random.default_rng(1).integers(0, 9, (2, *picture.shape)).astype(np.uint8) + picture // 2
    for before, after in ((picture, picture), film):
        motion = estimate_motion(before, after, "dis")
        found, still = at_rest(motion, before, after)
        assert not still.any()
        np.testing.assert_array_equal(found.backward, motion.backward)


@pytest.mark.parametrize("step", [2, 7, 16])
@pytest.mark.parametrize("each", [1, 2])
def test_ground_that_was_seen_gets_its_own_paint_back(paint, step, each):
    """Whether the square is slow or fast, and whether every drawing is shown once or twice."""
    lefts = [left for left in range(-SIDE + 4, 100, step) for _ in range(each)]
    image, _ = carried(lefts, paint)[-1]
    behind = np.zeros(SIZE, np.bool_)
    behind[:, SIDE : lefts[-1] - 2 * BESIDE - step] = True  # where it was not in the first frame, and is no longer
    assert behind.sum() > 2000
    np.testing.assert_array_equal(image[behind], paint[behind])


def test_ground_that_was_never_seen_takes_the_paint_of_other_ground_of_its_colour(paint):
    paint[:60] -= 1000  # so that sky and meadow tell themselves apart
    lefts = range(10, 100, 6)
    image, _ = carried(lefts, paint)[-1]
    inner = image[TOP + 2 : 60, 20 : 10 + SIDE - 2], image[60 : TOP + SIDE - 2, 20 : 10 + SIDE - 2]
    assert inner[0].max() < 0 <= inner[1].min()
    # All from one place: as it stands there, not smeared.
    part = np.concatenate(inner)
    places = [
        (row, column)
        for row, column in itertools.product(range(SIZE[0] - len(part)), range(SIZE[1] - part.shape[1]))
        if np.array_equal(paint[row : row + len(part), column : column + part.shape[1]], part)
    ]
    assert len(places) == 1 and abs(places[0][1] - 20) >= SIZE[1] / 8


def test_what_finds_its_colour_nowhere_at_the_chosen_distance_looks_at_another(paint):
    """The sky just above the meadow stayed bare where all else was found lower down."""
    ground, (past, _), (frame, _), (now, square) = Ground(), drawn(10), drawn(16), drawn(50)
    ground.uncover(Past(past, paint), frame, find_origins([past], frame, "dis"))
    ground.keep(Past(frame, paint), None)
    ground.known["offset 0"] = np.array([8, 60])
    bared = ground.uncover(Past(frame, paint), now, find_origins([frame], now, "dis")).bared
    strip = np.s_[52:60, 20:36]  # was hidden from the beginning
    assert bared.take[strip].all() and not square[strip].any()
    np.testing.assert_array_equal(bared.paint[44:52, 20:36], paint[52:60, 80:96])
    assert "offset 1" in ground.known


@pytest.mark.parametrize("restyled", [False, True])
def test_what_never_changes_keeps_its_paint_unless_the_style_changes(paint, restyled):
    ground, sources = Ground(), [drawn(left)[0] for left in range(10, 100, 6)]
    if restyled:
        ground.forget()
    never = (np.array(sources) == sources[0]).all((0, -1))
    never &= ~beside((sources[0] != sources[1]).any(-1))  # the paint there may show the square's outline
    taken = np.zeros(SIZE, np.bool_)
    for past, frame in itertools.pairwise(sources):
        origins = ground.uncover(Past(past, paint), frame, find_origins([past], frame, "dis"))
        ground.keep(Past(frame, paint), origins.still)
        if origins.bared is not None:
            taken |= origins.bared.take
    assert taken.any() and (taken & never).any() == restyled


def test_what_changes_while_no_ground_is_still_counts_as_changed(paint):
    """Else paint that goes along with what passes later would stay there."""
    ground, lit = Ground(), drawn(10)[0] // 2
    for past, frame in itertools.pairwise([lit, *(drawn(left)[0] for left in range(10, 60, 6))]):
        origins = find_origins([past], frame, "dis")
        assert origins.still.any() == (past is not lit)
        ground.uncover(Past(past, paint), frame, origins)
        ground.keep(Past(frame, paint), origins.still)
    assert ground.known["changed"].all()


def test_where_a_thing_stops_what_is_beside_it_stays_until_it_goes_on(paint):
    """Though something else goes on, far from there."""
    lefts = [*range(-SIDE + 4, 32, 6), *[32] * 6, *range(38, 110, 6)]
    lit = [200 * (index % 2) for index in range(len(lefts))]
    found = carried(lefts, paint, lit)
    stops = lefts.index(32)
    beside_it = np.s_[TOP : TOP + SIDE, 32 - BESIDE : 32]
    assert (found[stops][0][beside_it] != paint[beside_it]).any()  # it went along
    for image, _ in found[stops + 1 : stops + 6]:
        np.testing.assert_array_equal(image[beside_it], found[stops][0][beside_it])
    np.testing.assert_array_equal(found[-1][0][beside_it], paint[beside_it])


def test_paint_that_has_come_back_may_be_worked_on(paint):
    ground, sources = Ground(), [drawn(left)[0] for left in range(-SIDE + 4, 130, 6)]
    image = paint
    for before, frame in itertools.pairwise(sources):
        origins = ground.uncover(Past(before, image), frame, find_origins([before], frame, "dis"))
        image = carry([image], origins) + 1
        ground.keep(Past(frame, image), origins.still)
    behind = image[TOP : TOP + SIDE, 30:60] - paint[TOP : TOP + SIDE, 30:60]
    assert behind.min() > 14  # of 26; it is 12 where the paint is taken back again, while the thing is near


def test_paint_that_comes_back_is_neither_new_nor_counted_as_flicker(paint):
    _, origins = carried(range(-SIDE + 4, 60, 7), paint)[-1]
    take = origins.bared.take
    assert take.sum() > 100
    assert origins.reliable[take].all() and not origins.changed[take].any() and not origins.motion.reliable[take].any()


def test_what_a_thing_uncovers_as_it_comes_in_has_strokes_at_once(paint):
    """It was pale, since paint that goes along with the thing came from outside the picture."""
    lefts = range(-SIDE + 4, 60, 7)
    for left, (image, _) in zip(lefts, carried(lefts, paint), strict=True):
        if left > 8:
            assert np.diff(image[TOP : TOP + SIDE, :left], axis=1).std() > 80  # 25 to 45 in two of the frames


def test_it_goes_on_from_what_it_knew(paint):
    first = Ground()
    history = [Past(drawn(10)[0], paint)]
    for left in range(16, 70, 6):
        frame, _ = drawn(left)
        origins = find_origins([past.source for past in history], frame, "dis")
        second = Ground(first.known)
        found, again = (ground.uncover(history[-1], frame, origins) for ground in (first, second))
        assert (found.bared is None) == (again.bared is None) == (left < 22)
        if found.bared is not None:
            np.testing.assert_array_equal(found.bared.take, again.bared.take)
            np.testing.assert_array_equal(found.bared.paint, again.bared.paint)
        history.append(Past(frame, carry([past.image for past in history], found)))
        for ground in (first, second):
            ground.keep(history[-1], found.still)
    assert "offset 0" in first.known


def test_hidden_ground_is_forgotten_and_a_repeated_frame_shows_what_is_seen_anew(paint):
    ground, frames = Ground(), [drawn(left)[0] for left in (40, 46, 70)]
    for past, frame in itertools.pairwise(frames):
        ground.uncover(Past(past, paint), frame, find_origins([past], frame, "dis"))
    _, square = drawn(70)
    assert ground.known["seen"][square].any()
    ground.forget()
    seen = ground.known["seen"].copy()
    assert not seen[square].any() and seen.mean() > 0.3
    ground.keep(Past(frames[-1], paint + 1), None)
    np.testing.assert_array_equal(ground.known["seen"], seen)
    np.testing.assert_array_equal(ground.known["paint"], np.where(seen[..., None], paint + 1, paint))
