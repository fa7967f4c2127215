"""The sound of a video: taken over whole or in part, and in step with the picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from vidstyle.errors import InputError
from vidstyle.media import AudioSource, create_clip, open_clip
from vidstyle.media.probe import audio_stream

SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=d=1")
RATE = 8000  # in which it is listened to


def loud(kit, path):
    """Where there is sound, RATE values a second from the file's beginning on."""
    raw = path.with_suffix(".raw")
    samples = ["-f", "f32le", "-ac", "1", "-ar", str(RATE)]
    kit.ffmpeg("-i", path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0", *samples, raw)
    return np.abs(np.fromfile(raw, np.float32)) > 0.05


def sounding(kit, tmp_path, codec="aac", name="in.mp4"):
    kit.ffmpeg(*SOURCE, *SOUND, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", codec, tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "codec"),
    [("o.mp4", "aac"), ("o.m4v", "aac"), ("o.mov", "aac"), ("o.mkv", "aac"), ("o.webm", "opus"), ("o.avi", "mp3")],
)
@pytest.mark.parametrize("trim", [(Fraction(0), None), (Fraction(1, 5), Fraction(3, 5))])
def test_sound_is_taken_over(kit, tmp_path, name, codec, trim):
    origin = sounding(kit, tmp_path)
    with open_clip(origin) as reader:
        assert reader.info.has_audio
        with create_clip(tmp_path / name, reader.info, audio=AudioSource(origin, *trim)) as writer:
            for frame in reader.frames(*trim):
                writer.write(frame)
    info = open_clip(tmp_path / name).info
    assert info.has_audio
    assert info.frame_count == (25 if trim[1] is None else 10)
    assert audio_stream(tmp_path / name) == (0, codec)


def test_copied_sound_is_the_same_to_the_bit(kit, tmp_path):
    origin = sounding(kit, tmp_path)
    info = open_clip(origin).info
    with create_clip(tmp_path / "o.mp4", info, audio=AudioSource(origin)) as writer:
        for frame in open_clip(origin).frames():
            writer.write(frame)
    for path in (origin, tmp_path / "o.mp4"):
        kit.ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-f", "adts", path.with_suffix(".aac"))
    assert (tmp_path / "in.aac").read_bytes() == (tmp_path / "o.aac").read_bytes()


@pytest.mark.parametrize("name", ["o.mkv", "o.mov"])
def test_copied_sound_begins_where_it_should(kit, tmp_path, name):
    """Between two pictures that can be decoded by themselves, of which there is one in ten seconds."""
    origin = tmp_path / "long.mp4"
    sound = ["-f", "lavfi", "-i", "aevalsrc='0.5*sin(2000*t)*gte(t,1)':d=3"]
    source = ["-f", "lavfi", "-i", "testsrc=s=32x32:r=25:d=3"]
    kit.ffmpeg(*source, *sound, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-g", "250", origin)
    with open_clip(origin) as reader:
        start, end = Fraction(9, 10), Fraction(3, 2)
        with create_clip(tmp_path / name, reader.info, audio=AudioSource(origin, start, end)) as writer:
            for frame in reader.frames(start, end):
                writer.write(frame)
    with open_clip(tmp_path / name) as reader:
        assert reader.info.duration == Fraction(3, 5) and reader.info.audio_lead == 0
    heard = loud(kit, tmp_path / name)
    assert len(heard) / RATE == pytest.approx(0.6, abs=0.06)
    assert heard.argmax() / RATE == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("name", ["o.mp4", "o.avi"])
def test_sound_that_begins_after_the_picture(kit, tmp_path, name):
    origin = tmp_path / "in.mp4"
    late = ["-itsoffset", "0.4", *SOUND]
    kit.ffmpeg(*SOURCE, *late, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", origin)
    with open_clip(origin) as reader, create_clip(tmp_path / name, reader.info, audio=AudioSource(origin)) as writer:
        for frame in reader.frames():
            writer.write(frame)
    assert loud(kit, tmp_path / name).argmax() / RATE == pytest.approx(0.4, abs=0.04)


def test_sound_that_begins_before_the_picture(kit, tmp_path):
    picture = ["-itsoffset", "0.5", "-f", "lavfi", "-i", "testsrc=s=32x32:r=10:d=1"]
    kit.ffmpeg(
        *picture,
        "-f",
        "lavfi",
        "-i",
        "sine=d=1.5",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        tmp_path / "late.mp4",
    )
    with open_clip(tmp_path / "late.mp4") as reader:
        assert float(reader.info.audio_lead) == pytest.approx(0.5, abs=0.03)
    with open_clip(sounding(kit, tmp_path)) as reader:
        assert reader.info.audio_lead == 0


def test_short_sound_does_not_cut_the_video(kit, tmp_path):
    origin = sounding(kit, tmp_path)
    clip = kit.frames(40)
    with create_clip(tmp_path / "o.mp4", kit.info_of(clip), audio=AudioSource(origin, end=Fraction(1, 5))) as writer:
        for frame in clip:
            writer.write(frame)
    assert len(kit.read(tmp_path / "o.mp4")) == 40


def test_sound_from_a_silent_file_is_an_error(kit, tmp_path):
    silent = kit.write(tmp_path / "silent.mp4", kit.frames(2))
    with pytest.raises(InputError, match="no sound"):
        create_clip(tmp_path / "o.mp4", kit.info_of(kit.frames(2)), audio=AudioSource(silent))


@pytest.mark.parametrize("others", [[], [*SOUND]])
def test_sound_that_cannot_be_decoded_is_left_out(kit, tmp_path, others):
    sound = [*SOUND, *others]
    coded = ["-map", "0:v", "-map", "1:a", *(["-map", "2:a"] if others else []), "-c:v", "libx264", "-c:a:0", "flac"]
    kit.ffmpeg(*SOURCE, *sound, *coded, "-c:a:1", "aac", tmp_path / "known.mkv")
    content = (tmp_path / "known.mkv").read_bytes()
    assert content.count(b"A_FLAC") == 1
    (tmp_path / "in.mkv").write_bytes(content.replace(b"A_FLAC", b"A_FLAX"))
    clip = open_clip(tmp_path / "in.mkv")
    assert clip.info.has_audio == bool(others)
    assert audio_stream(tmp_path / "in.mkv") == ((1, "aac") if others else None)
    if others:
        with create_clip(tmp_path / "o.mp4", clip.info, audio=AudioSource(tmp_path / "in.mkv")) as writer:
            for frame in clip.frames():
                writer.write(frame)
        assert audio_stream(tmp_path / "o.mp4") == (0, "aac")
