"""Which containers and codecs video can be written in, and what ffmpeg is told for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import OptionError, unknown
from . import ffmpeg


@dataclass(frozen=True)
class Container:
    """muxer, codec: ffmpeg's names. copied: audio codecs that it takes. audio: encoder of others. flags: of muxer."""

    muxer: str
    codec: str
    copied: frozenset[str]
    audio: tuple[str, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codec:
    """arguments: of the encoder. crf: its default and greatest value, or None. tagged: stores the matrix."""

    arguments: tuple[str, ...]
    crf: tuple[int, int] | None
    tagged: bool = True


_MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})
_AAC = ("-c:a", "aac", "-b:a", "192k")
# The delay of the audio encoder must not move the video, which AVI would fill up with an empty frame.
_UNSHIFTED = ("-avoid_negative_ts", "disabled")
_FASTSTART = ("-movflags", "+faststart")
# libopus knows fewer layouts than ffmpeg, which converts to the nearest of these.
_OPUS = ("-c:a", "libopus", "-b:a", "160k", "-af", "aformat=channel_layouts=7.1|5.1|stereo|mono")
# AVI does not say when sound begins: what begins later than the picture needs silence before it.
_MP3 = ("-c:a", "libmp3lame", "-q:a", "2", "-af", "aresample=first_pts=0")

# To add a container: its extension here, and its first bytes in sniff.py so that it can be read again.
CONTAINERS: dict[str, Container] = {
    ".mp4": Container("mp4", "libx264", _MP4_AUDIO, _AAC, _FASTSTART),
    ".m4v": Container("mp4", "libx264", _MP4_AUDIO, _AAC, _FASTSTART),
    ".mov": Container("mov", "libx264", _MP4_AUDIO - {"opus"}, _AAC, _FASTSTART),
    ".mkv": Container("matroska", "libx264", _MP4_AUDIO | {"vorbis", "flac", "dts", "truehd"}, _AAC),
    ".webm": Container("webm", "libvpx-vp9", frozenset({"opus", "vorbis"}), _OPUS),
    ".avi": Container("avi", "mpeg4", frozenset({"mp3", "ac3"}), _MP3, _UNSHIFTED),
}

# To add a codec: ffmpeg's name of its encoder. Encoders that are not here are used with ffmpeg's own defaults.
CODECS: dict[str, Codec] = {
    "libx264": Codec(("-preset", "medium"), (16, 51)),
    "libx265": Codec(("-preset", "medium", "-tag:v", "hvc1", "-x265-params", "log-level=error"), (18, 51)),
    "libvpx-vp9": Codec(("-b:v", "0", "-row-mt", "1", "-cpu-used", "4"), (24, 63)),
    "libvpx": Codec(("-b:v", "20M", "-cpu-used", "2"), (10, 63)),
    "libsvtav1": Codec(("-preset", "6"), (24, 63)),
    "libaom-av1": Codec(("-b:v", "0", "-row-mt", "1", "-cpu-used", "6"), (24, 63)),
    "mpeg4": Codec(("-q:v", "3"), None, tagged=False),
}
_ALIASES = {
    "h264": "libx264",
    "x264": "libx264",
    "h265": "libx265",
    "hevc": "libx265",
    "x265": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
}


@dataclass(frozen=True)
class Encoding:
    """The encoder's name, and the arguments that make it write frames of the given size."""

    name: str
    arguments: list[str]


def choose(path: Path, width: int, height: int, codec: str | None, crf: int | None) -> Encoding:
    """How to encode the frames of the file `path`. Raises OptionError if codec or crf cannot be used."""
    name = codec or CONTAINERS[path.suffix.lower()].codec
    name = _ALIASES.get(name, name)
    available = ffmpeg.video_encoders()
    if name not in available:
        known = [known for known in (*CODECS, *_ALIASES) if _ALIASES.get(known, known) in available]
        raise OptionError(f"--codec: {unknown('codec', name, known)}")
    entry = CODECS.get(name, Codec((), None, tagged=False))
    arguments = ["-c:v", name, *entry.arguments]
    if name == "libx265" and path.suffix.lower() in (".mkv", ".avi"):
        arguments = [argument for argument in arguments if argument not in ("-tag:v", "hvc1")]
    if entry.crf is None and crf is not None:
        raise OptionError(f"--crf {crf}: the codec {name} of {path.name} takes no crf: add --codec libx264")
    if entry.crf is not None:
        default, most = entry.crf
        if crf is not None and not 0 <= crf <= most:
            raise OptionError(f"--crf {crf}: must be from 0 to {most} for the codec {name}")
        arguments += ["-crf", str(default if crf is None else crf)]
    matrix = "bt709" if entry.tagged else "bt601"  # what ffmpeg and all that is built on it take without a tag
    tags = ""
    if entry.tagged:
        tags = ",setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    # H.264 and H.265 cannot halve the colour of odd sizes, and it is the size that must stay.
    odd = (width % 2 or height % 2) and name in ("libx264", "libx265")
    pixels = "yuv444p" if odd else "yuv420p"
    if name in CODECS:
        scale = f"scale=out_color_matrix={matrix}:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int"
        arguments += ["-vf", f"{scale},format={pixels}{tags}"]
    return Encoding(name, arguments)
