"""Sheets: where pictures stand, and that words stay in their cells."""

import numpy as np
import pytest

from vidstyle.views.sheet import BLANK, GAP, LEAST_WIDTH, Sheet, fitted, note


def test_pictures_stand_in_their_cells_and_captions_below():
    sheet = Sheet([["a", "b"], ["c"]], (160, 40))
    red = np.full((40, 160, 3), (255, 0, 0), np.uint8)
    drawn = sheet.draw([red, red, red[:20, :80]])
    assert drawn.shape == (sheet.size[1], sheet.size[0], 3) and sheet.size[0] % 2 == sheet.size[1] % 2 == 0
    found = np.equal(drawn, (255, 0, 0)).all(-1)
    assert found.sum() == 2 * 40 * 160 + 20 * 80
    assert found[GAP : GAP + 40, GAP : GAP + 160].all() and found[GAP : GAP + 40, 2 * GAP + 160 : -GAP].all()
    assert (drawn[GAP + 40 : GAP + 60, GAP : GAP + 160] < 100).any()  # ink
    assert np.array_equal(drawn, sheet.draw([red, red, red[:20, :80]]))
    with pytest.raises(ValueError):
        sheet.draw([red, red])


def test_long_captions_are_broken_and_take_their_room():
    words, one_word = (
        "--content-weight 0.1 --tv-weight 0.05 --size 128",
        "a_very_long_name_of_a_painting_without_spaces.jpeg",
    )
    short = Sheet([["a"]], (LEAST_WIDTH, 20))
    for text in (words, one_word, "two\nlines"):
        sheet = Sheet([[text]], (LEAST_WIDTH, 20))
        assert sheet.size[0] == short.size[0] and sheet.size[1] > short.size[1] + 8
        drawn = sheet.draw([np.zeros((20, LEAST_WIDTH, 3), np.uint8)])
        assert (drawn[:, : GAP - 2] == 255).all() and (drawn[:, GAP + LEAST_WIDTH + 2 :] == 255).all()


def test_pictures_are_fitted_in_their_own_shape():
    black = np.zeros((10, 40, 3), np.uint8)
    square = fitted(black, (20, 20))
    assert square.shape == (20, 20, 3)
    assert (square[:7] == 255).all() and (square[8:12] == 0).all() and (square[13:] == 255).all()
    words = note("why", (60, 40))
    assert words.shape == (40, 60, 3) and (words < 100).any()


def test_a_long_note_is_whole_in_a_small_cell():
    reason = "paintings/bad.png: not a picture or clip that can be read: convert it to PNG or JPEG"
    whole, without = note(reason, (108, 44)), note(reason.removesuffix(" JPEG"), (108, 44))
    assert (whole != without).any() and (whole[-3:] == BLANK).all()


@pytest.mark.parametrize("letter", "ÜñčŁЖΩ—")
def test_letters_of_other_languages_are_no_boxes(letter):
    box, shown = (note(text, (60, 40)) for text in ("\ufffe", letter))
    assert (shown != box).any()
