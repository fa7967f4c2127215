"""Items are made while the one before is used; in order, and with their errors."""

import threading

import pytest

from vidstyle.neural.ahead import ahead


def test_the_next_item_is_made_meanwhile():
    made = [threading.Event() for _ in range(3)]

    def items():
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in ahead(items()):
        assert number == 2 or made[number + 1].wait(10)


def test_errors_come_in_their_place_and_the_source_is_closed():
    closed = threading.Event()

    def items():
        try:
            yield 1
            raise ValueError("the second")
        finally:
            closed.set()

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="the second"):
        next(coming)
    assert closed.is_set()


def test_who_stops_closes_the_source():
    closed = threading.Event()

    def items():
        try:
            yield from range(9)
        finally:
            closed.set()

    coming = ahead(items())
    next(coming)
    coming.close()
    assert closed.is_set()
