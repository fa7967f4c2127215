"""What a video is: its size as displayed, its exact rate, and when each of its frames begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputError
from . import ffmpeg
from .guard import MAX_FRAMES, check_pixels

# Container names as sniff.py gives them, and ffmpeg's demuxer. Naming it keeps ffmpeg from guessing another.
DEMUXERS = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}

_DISCARDED = 4  # AV_PKT_FLAG_DISCARD: edit lists hide these
_NO_TIME = ("NOPTS", str(-(2**63)))
_CUT_SHORT = re.compile("partial file|ended prematurely|corrupt input packet")  # ffmpeg's words for it
_AUDIO = re.compile(r"Stream #0:\d+.*?: Audio: (\w+)")
_UNKNOWN = "none"  # of a codec that this ffmpeg cannot decode
_INTERLACED = re.compile(r" i:[TB] ")
_HIGH_RANGE = re.compile("color_trc:(smpte2084|arib-std-b67)")
# Of clips with an uneven rate.
_RATES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 40, 48, 50, 60, 75, 90, 100, 120, 180, 200, 240, 480)
_NTSC = tuple(Fraction(1000 * rate, 1001) for rate in (24, 30, 60, 120, 240))
_FEW, _NEAR = 50, 1.6  # one in so many frames may be lost; so far above the least rate is looked
_PRIMING = Fraction(1, 20)  # seconds; the first block of coded sound may begin so much earlier, and is nothing


@dataclass(frozen=True)
class Probe:
    """What is known of a video.

    width, height: as displayed. stored_width: of the frames as they are stored. rate: frames per second.
    frame_count: of the constant rate. even: whether frames come at exactly that rate; otherwise they must be converted.
    first: seconds, the container's time of the first frame. high_range: whether it is coded as PQ or HLG of ITU-R
    BT.2100, as phones film. interlaced: whether the lines of a frame are of two moments. lead: seconds by which the
    file begins before its first frame.
    """

    width: int
    height: int
    stored_width: int
    rate: Fraction
    frame_count: int
    even: bool
    first: Fraction
    audio: str | None
    high_range: bool
    interlaced: bool
    lead: Fraction


def source(path: Path, format: str, max_pixels: int) -> list[str]:
    """The arguments that make `path` an input of ffmpeg."""
    # ffmpeg counts the padding of its own buffers too; the exact limit is probe's.
    limits = ["-max_pixels", str(min(4 * max_pixels + 2**20, 2**31 - 1))]
    return [*ffmpeg.PROTOCOLS, "-f", DEMUXERS[format], *limits, "-i", ffmpeg.address(path)]


def probe(path: Path, format: str, max_pixels: int) -> Probe:
    """Decodes the first frame and walks over the packets. Raises InputError if the file has no readable video."""
    only_video = ["-map", "0:V:0"]
    shown = ["-vf", "showinfo=checksum=0", "-frames:v", "1", "-f", "null", "-"]
    _, log = _run(path, [*source(path, format, max_pixels), *only_video, *shown])
    stream = re.search(r"Stream #0:\d+.*?: Video: .*?, (\d+)x(\d+)", log)
    if stream:
        check_pixels(path, int(stream[1]), int(stream[2]), max_pixels)
    rate = re.search(r"config in time_base: \S+, frame_rate: (\d+)/(\d+)", log)
    frame = re.search(r" sar:(\d+)/(\d+) s:(\d+)x(\d+)", log)
    if not rate or not frame or int(rate[1]) == 0 or int(rate[2]) == 0:
        what = "no picture of the video can be decoded" if stream else "there is no video in it"
        raise InputError(f"{path}: {what}, the file is damaged or incomplete ({ffmpeg.reason(log)})")
    width, height = int(frame[3]), int(frame[4])
    aspect = Fraction(int(frame[1]) or 1, int(frame[2]) or 1)
    display = width
    if aspect != 1:  # even widths stay even, because most video formats take no others
        display = max(2, round(width * aspect / 2) * 2) if width % 2 == 0 else max(1, round(width * aspect))
    check_pixels(path, display, height, max_pixels)
    count, even, first, exact = _timing(path, format, max_pixels, Fraction(int(rate[1]), int(rate[2])))
    if count > MAX_FRAMES:
        raise InputError(f"{path}: has {count} frames, more than {MAX_FRAMES}: cut it into parts, or it is damaged")
    high_range, interlaced = bool(_HIGH_RANGE.search(log)), bool(_INTERLACED.search(log))
    begin = re.search(r"^  Duration: .*?, start: (-?[\d.]+)", log, re.MULTILINE)
    lead = first - Fraction(begin[1]) if begin else Fraction(0)
    lead = lead if lead > _PRIMING else Fraction(0)
    sound = next((codec for codec in _AUDIO.findall(log) if codec != _UNKNOWN), None)
    return Probe(display, height, width, exact, count, even, first, sound, high_range, interlaced, lead)


def _run(path: Path, arguments: list[str], loglevel: str = "info") -> tuple[str, str]:
    """Standard output and log of ffmpeg, which looks at `path`."""
    try:
        _, output, log = ffmpeg.run(arguments, loglevel)
    except ffmpeg.RunawayError as error:
        raise InputError(f"{path}: {error}") from error
    return output, log


def audio_stream(path: Path) -> tuple[int, str] | None:
    """Which of the audio streams of `path`, from 0 on, is the first that can be decoded, and its codec; or None."""
    _, log = _run(path, [*ffmpeg.PROTOCOLS, "-i", ffmpeg.address(path)])
    return next(((n, codec) for n, codec in enumerate(_AUDIO.findall(log)) if codec != _UNKNOWN), None)


def _timing(path: Path, format: str, max_pixels: int, rate: Fraction) -> tuple[int, bool, Fraction, Fraction]:
    """Frame count, whether the rate is constant, the first frame's time, and the rate."""
    packets = ["-map", "0:V:0", "-c", "copy", "-copyts", "-flush_packets", "1", "-f", "framecrc", "-"]
    output, log = _run(path, [*source(path, format, max_pixels), *packets], "warning")
    if _CUT_SHORT.search(log) or (format == "avi" and _is_cut_riff(path)):
        raise InputError(f"{path}: the file is damaged or incomplete, it ends too early: get a complete copy")
    clock = re.search(r"^#tb 0: (\d+)/(\d+)", output, re.MULTILINE)
    lines = re.findall(r"^0, +(\S+), +(\S+), +(\d+), +\d+, 0x\w+(?:, F=0x(\w+))?", output, re.MULTILINE)
    shown = [line for line in lines if not int(line[3] or "0", 16) & _DISCARDED]
    if not clock or not shown:
        raise InputError(f"{path}: there are no frames in its video ({ffmpeg.reason(log)})")
    tick = Fraction(int(clock[1]), int(clock[2]))
    stamped = all(line[1] not in _NO_TIME for line in shown)
    column = 1 if stamped else 0  # AVI may have times of decoding only; their order does not matter here
    times = sorted(int(line[column]) for line in shown)
    first = times[0] * tick
    even = [round((time - times[0]) * tick * rate) for time in times] == list(range(len(times)))
    if even:
        return len(times), stamped, first, rate
    duration = (times[-1] - times[0] + int(shown[-1][2])) * tick
    rate = _constant([float((time - times[0]) * tick) for time in times])
    return max(1, round(duration * rate)), False, first, rate


def _constant(times: list[float]) -> Fraction:
    """The constant rate for frames that come unevenly, at these seconds.

    ffmpeg guesses their mean rate, at which frames are lost, or one of which all times are multiples, at which a film
    with a little jitter has four times as many. Taken is the least that loses hardly a frame, or one not far above it
    where they are shifted by less than half as much.
    """
    rates = sorted([*map(Fraction, _RATES), *_NTSC])
    ticks = {rate: np.multiply(times, float(rate)) for rate in rates}
    shown = {rate: len(np.unique(np.rint(ticks[rate]))) for rate in rates}
    least = next(rate for rate in rates if shown[rate] >= max(shown.values()) - len(times) // _FEW)
    near = [rate for rate in rates if least <= rate <= _NEAR * least]
    shifts = {rate: float(np.abs(ticks[rate] - np.rint(ticks[rate])).mean() / rate) for rate in near}
    best = min(near, key=shifts.__getitem__)
    return best if shifts[best] < shifts[least] / 2 else least


def _is_cut_riff(path: Path) -> bool:
    """True if the file is smaller than its first RIFF chunk says."""
    with path.open("rb") as file:
        announced = int.from_bytes(file.read(8)[4:], "little") + 8
    if announced == 2**32 + 7:  # by a program that could not go back to fill it in
        return False
    return path.stat().st_size < announced
