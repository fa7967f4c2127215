"""Video: rates, rotation, pixel aspect, sizes, depth, colour, and the options of encoders."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vidstyle.errors import InputError, OptionError, OutputError
from vidstyle.framing import scale
from vidstyle.media import Frame, ReadOptions, WriteOptions, create_clip, open_clip

CONTAINERS = ("o.mp4", "o.m4v", "o.mov", "o.mkv", "o.webm", "o.avi")
SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=d=1")


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(12), Fraction(60)])
@pytest.mark.parametrize("name", CONTAINERS)
def test_the_rate_is_exact(kit, tmp_path, name, rate):
    path = kit.write(tmp_path / name, kit.frames(30, [1 / rate] * 30))
    info = open_clip(path).info
    assert (info.rate, info.frame_count, info.tick) == (rate, 30, 1 / rate)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("size", [(33, 21), (34, 21), (33, 20), (16, 16), (1, 1)])
def test_the_size_is_kept(kit, tmp_path, name, size):
    flat = np.full((size[1], size[0], 3), (200, 60, 30), np.uint8)
    path = kit.write(tmp_path / name, [Frame(flat, Fraction(1, 25))] * 3)
    for frame in kit.read(path):
        assert frame.image.shape == flat.shape
        assert kit.worst(frame.image, flat) <= 3


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("height", [32, 720])
def test_colours_survive(kit, tmp_path, name, height):
    for colour in ((200, 60, 30), (20, 160, 90), (30, 40, 220), (255, 255, 255), (0, 0, 0), (128, 128, 128)):
        flat = np.full((height, 16, 3), colour, np.uint8)
        back = kit.read(kit.write(tmp_path / name, [Frame(flat, Fraction(1, 25))] * 2, WriteOptions(overwrite=True)))
        assert kit.worst(back[0].image, flat) <= 3


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
def test_the_matrix_that_a_file_names_is_used(kit, tmp_path, matrix):
    chain = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv444p,setparams=colorspace={matrix}:range=tv"
    path = tmp_path / "a.mp4"
    kit.ffmpeg("-f", "lavfi", "-i", "color=0xC83C1E:s=32x32:d=0.2,format=rgb24", "-vf", chain, "-c:v", "libx264", path)
    assert kit.worst(kit.read(path)[0].image, np.array([200, 60, 30])) <= 3


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_rotation_is_applied(kit, tmp_path, angle):
    kit.ffmpeg(*SOURCE, "-c:v", "libx264", "-pix_fmt", "yuv420p", tmp_path / "plain.mp4")
    turn = ("-display_rotation", str(angle), "-i", tmp_path / "plain.mp4")
    kit.ffmpeg(*turn, "-c", "copy", tmp_path / "turned.mp4")
    plain, info = kit.read(tmp_path / "plain.mp4"), open_clip(tmp_path / "turned.mp4").info
    assert (info.width, info.height) == ((64, 48) if angle == 180 else (48, 64))
    upright = np.rot90(plain[3].image, angle // 90)
    assert kit.mean_error(kit.read(tmp_path / "turned.mp4")[3].image, upright) < 4


def test_pixels_that_are_not_square_are_told_and_left_to_scale(kit, tmp_path):
    kit.ffmpeg(*SOURCE, "-vf", "setsar=128/117", "-c:v", "libx264", "-pix_fmt", "yuv420p", tmp_path / "a.mp4")
    info = open_clip(tmp_path / "a.mp4").info
    assert (info.width, info.height) == (70, 48)
    frame = kit.read(tmp_path / "a.mp4")[0]
    assert frame.image.shape == (48, 64, 3)
    assert scale(frame, (info.width, info.height)).image.shape == (48, 70, 3)


def test_ten_bits(kit, tmp_path):
    kit.ffmpeg(*SOURCE, "-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-crf", "1", tmp_path / "ten.mp4")
    kit.ffmpeg(*SOURCE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "1", tmp_path / "eight.mp4")
    for ten, eight in zip(kit.read(tmp_path / "ten.mp4"), kit.read(tmp_path / "eight.mp4"), strict=True):
        assert kit.mean_error(ten.image, eight.image) < 4  # ffmpeg converts 8 bits less exactly


@pytest.mark.parametrize("tags", ["", ",setparams=color_primaries=unknown:colorspace=unknown"])
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_high_dynamic_range_becomes_the_usual_one(kit, tmp_path, transfer, tags):
    shown = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc"
    linear = "zscale=transfer=linear:npl=203,format=gbrpf32le"
    coded = f"zscale=primaries=bt2020:transfer={transfer}:matrix=bt2020nc:range=limited:npl=203,format=yuv444p10le"
    dim = "format=gbrp,colorlevels=romax=0.7:gomax=0.7:bomax=0.7"
    for name, filters in (("plain.mp4", dim), ("high.mp4", f"{dim},{shown},{linear},{coded}{tags}")):
        kit.ffmpeg(*SOURCE, "-vf", filters, "-c:v", "libx264", "-crf", "1", tmp_path / name)
    for high, plain in zip(kit.read(tmp_path / "high.mp4"), kit.read(tmp_path / "plain.mp4"), strict=True):
        assert kit.mean_error(high.image, plain.image) < 3


@pytest.mark.parametrize(("transfer", "grey", "white"), [("smpte2084", 0.38, 0.58), ("arib-std-b67", 0.38, 0.75)])
def test_its_grey_and_its_white_are_those_of_the_usual_range(kit, tmp_path, transfer, grey, white):
    # ITU-R BT.2408, table 1: a grey card of 18 %, and the white of a page.
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"
    for signal, low, high in ((0.0, 0, 2), (grey, 100, 112), (white, 230, 245), (1.0, 250, 255)):
        level = round(64 + 876 * signal)
        (tmp_path / "raw").write_bytes(np.array([level] * 64 * 64 + [512] * 2 * 32 * 32, "<u2").tobytes() * 3)
        raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "64x64", "-i", tmp_path / "raw")
        kit.ffmpeg(*raw, "-vf", tags, "-c:v", "libx264", "-crf", "1", tmp_path / "flat.mp4")
        for frame in kit.read(tmp_path / "flat.mp4"):
            assert low <= frame.image.min() <= frame.image.max() <= high


def test_a_variable_rate_keeps_its_time(kit, tmp_path):
    # Frames 0..9 come at 25 per second, then every fifth: the time of each picture must stay what it was.
    choose = "select='lt(n,10)+not(mod(n,5))'"
    kit.ffmpeg(*SOURCE, "-vf", choose, "-fps_mode", "vfr", "-c:v", "libx264", "-crf", "1", tmp_path / "vfr.mkv")
    kit.ffmpeg(*SOURCE, "-c:v", "libx264", "-crf", "1", tmp_path / "cfr.mkv")
    reader, whole = open_clip(tmp_path / "vfr.mkv"), kit.read(tmp_path / "cfr.mkv")
    rate = reader.info.rate
    back = list(reader.frames())
    assert len(back) == reader.info.frame_count
    assert rate == 25  # at the mean rate some pictures would be lost
    assert abs(len(back) / rate - 1) <= Fraction(4, 25)
    for number, frame in enumerate(back):
        index = int(number / rate * 25)
        shown = index if index < 10 else index // 5 * 5
        # The new clock rounds, so a picture may come half a tick early or late.
        neighbours = {index - 1, index, index + 1} if index < 10 else {shown, min(shown + 5, 20)}
        assert min(kit.mean_error(frame.image, whole[max(i, 0)].image) for i in neighbours) < 3
    for start in (3, 12):
        some = list(reader.frames(start / rate, (start + 2) / rate))
        assert [np.array_equal(a.image, b.image) for a, b in zip(some, back[start:], strict=False)] == [True, True]


@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ("N/30+0.008*(random(1)-0.5)", 30),  # a phone's
        ("(N+floor(N/20))/30+0.012*(random(1)-0.5)", 30),
        ("(N+floor(N/7))/30", 30),  # some were dropped
        ("(N+floor(N/7))*1001/30000", Fraction(30000, 1001)),
        ("floor(N/2)/15+mod(N,2)/2000", 15),  # two at once, of which one can be seen
    ],
)
def test_the_rate_of_uneven_films(kit, tmp_path, name, times, rate):
    uneven = f"settb=1/90000,setpts='({times})/TB'"
    picture = ["-f", "lavfi", "-i", "testsrc=s=32x32:r=30:d=2", "-vf", uneven]
    kit.ffmpeg(*picture, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-c:v", "libx264", tmp_path / name)
    # With jitter 29.97 cannot be told from 30.
    assert abs(open_clip(tmp_path / name).info.rate - rate) <= ("random" in times) * Fraction(1, 20)


@pytest.mark.parametrize("rate", [180, 240, Fraction(240000, 1001), 480])
def test_slow_motion_keeps_its_frames(kit, tmp_path, rate):
    picture = ["-f", "lavfi", "-i", f"testsrc=s=32x32:r={rate}:d=1,select='not(eq(n,50))'"]
    kit.ffmpeg(*picture, "-fps_mode", "passthrough", "-c:v", "libx264", tmp_path / "o.mp4")
    info = open_clip(tmp_path / "o.mp4").info
    assert (info.rate, info.frame_count) == (rate, round(rate))


@pytest.mark.parametrize("field", ["tff", "bff"])
def test_interlaced_films_lose_their_comb(kit, tmp_path, field):
    bar = "color=black:s=64x48:r=50:d=1,drawbox=x=0:y=0:w=8:h=48:c=white:t=fill"
    moving = f"color=black:s=64x48:r=50:d=1[a];{bar}[b];[a][b]overlay=x='4*mod(n\\,14)'"
    mode = "interleave_top" if field == "tff" else "interleave_bottom"
    flag = f"setfield={field},format=yuv420p"
    kit.ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"{moving},tinterlace=mode={mode},{flag}",
        "-c:v",
        "libx264",
        "-crf",
        "1",
        "-x264-params",
        f"{field}=1",
        tmp_path / "o.mkv",
    )
    clip = open_clip(tmp_path / "o.mkv")
    back = list(clip.frames())
    combs = [np.abs(np.diff(frame.image[..., 1].astype(int), axis=0)).mean() for frame in back]
    assert max(combs[1:-1]) < 3
    some = list(clip.frames(Fraction(10, 25), Fraction(12, 25)))
    assert [np.array_equal(a.image, b.image) for a, b in zip(some, back[10:], strict=False)] == [True, True]


def test_an_avi_of_unknown_length(kit, tmp_path):
    path = kit.write(tmp_path / "o.avi", kit.frames(5))
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff" * 4  # as ffmpeg writes into a pipe
    path.write_bytes(content)
    assert len(kit.read(path)) == 5


def test_frames_that_an_edit_list_hides_stay_hidden(kit, tmp_path):
    kit.ffmpeg(*SOURCE, "-c:v", "libx264", "-g", "50", "-bf", "2", tmp_path / "whole.mp4")
    kit.ffmpeg("-ss", "0.5", "-i", tmp_path / "whole.mp4", "-c", "copy", tmp_path / "cut.mp4")
    whole, cut = kit.read(tmp_path / "whole.mp4"), kit.read(tmp_path / "cut.mp4")
    assert len(cut) == open_clip(tmp_path / "cut.mp4").info.frame_count
    assert 12 <= len(cut) <= 13
    assert np.array_equal(cut[-1].image, whole[-1].image)


@pytest.mark.parametrize("name", ["-v.mp4", "a:b.mp4", "50%d off.mp4", 'a\'b "c".mp4', "bücher.mp4", "[x]*.mp4"])
def test_odd_file_names(kit, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()  # so that it is a name and not a pattern
    path = name
    if "%" not in name:
        kit.write(path, kit.frames(3), WriteOptions(overwrite=True))
    else:
        kit.write("plain.mp4", kit.frames(3))
        shutil.move("plain.mp4", path)
    assert len(kit.read(path)) == 3


def test_a_gif_timeline_becomes_repeated_frames(kit, tmp_path):
    times = [Fraction(20, 1000), Fraction(70, 1000), Fraction(30, 1000)]
    back = kit.read(kit.write(tmp_path / "o.mp4", kit.frames(3, times)))
    assert {frame.duration for frame in back} == {Fraction(1, 100)}
    shown = [min(range(3), key=lambda n, f=frame: kit.mean_error(f.image, kit.picture(n))) for frame in back]
    assert shown == [0] * 2 + [1] * 7 + [2] * 3


@pytest.mark.parametrize("delay", [0, 1])
def test_delays_that_browsers_ignore_become_a_tenth(kit, tmp_path, delay):
    path = kit.write(tmp_path / "o.mp4", kit.frames(4, [Fraction(delay, 100)] * 4))
    info = open_clip(path).info
    assert (info.frame_count, info.rate) == (4, 10)


def test_no_frame_is_lost_beside_delays_that_browsers_ignore(kit, tmp_path):
    times = [Fraction(1, 2), *[Fraction(0)] * 4, Fraction(1, 2)]
    path = kit.write(tmp_path / "o.gif", kit.frames(6, times))
    clip = open_clip(path)
    with create_clip(tmp_path / "o.mp4", clip.info) as writer:
        for frame in clip.frames():
            writer.write(frame)
    assert (len(kit.read(tmp_path / "o.mp4")), open_clip(tmp_path / "o.mp4").info.rate) == (14, 10)


def test_transparency_becomes_white(kit, tmp_path):
    back = kit.read(kit.write(tmp_path / "o.mp4", kit.frames(2, alpha=True)))
    assert back[0].image[3:5, 1:4].min() > 230


@pytest.mark.parametrize("name", ["o.mkv", "o.webm", "o.mp4", "o.avi"])
def test_the_same_frames_give_the_same_bytes(kit, tmp_path, name):
    files = [
        kit.write(tmp_path / folder / name, kit.frames(3)) for folder in ("a", "b") if not (tmp_path / folder).mkdir()
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("codec", ["libx265", "h264", "vp9", "mpeg4", "mjpeg"])
def test_codecs(kit, tmp_path, codec):
    path = kit.write(tmp_path / "o.mkv", kit.frames(4), WriteOptions(codec=codec))
    assert len(kit.read(path)) == 4


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("o.mp4", WriteOptions(codec="libx246"), r"did you mean 'libx26[45]'"),
        ("o.mp4", WriteOptions(crf=52), "from 0 to 51"),
        ("o.webm", WriteOptions(crf=64), "from 0 to 63"),
        ("o.mp4", WriteOptions(crf=-1), "from 0 to 51"),
        ("o.avi", WriteOptions(crf=20), "libx264"),
        ("o.webm", WriteOptions(codec="libx264"), "another codec"),
    ],
)
def test_options_that_cannot_be_used_are_found_at_once(kit, tmp_path, name, options, message):
    with pytest.raises(OptionError, match=message) as caught:
        create_clip(tmp_path / name, kit.info_of(kit.frames(2)), options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_crf_matters(kit, tmp_path):
    clip = kit.frames(4, draw=kit.painting, size=(64, 48))
    fine = kit.write(tmp_path / "fine.mp4", clip, WriteOptions(crf=5))
    coarse = kit.write(tmp_path / "coarse.mp4", clip, WriteOptions(crf=45))
    assert fine.stat().st_size > 1.5 * coarse.stat().st_size


def test_an_encoder_that_dies_is_an_output_error(kit, tmp_path):
    clip = kit.frames(2)
    writer = create_clip(tmp_path / "o.mp4", kit.info_of(clip))
    with pytest.raises(OutputError, match="ffmpeg could not write"), writer:
        writer.write(clip[0])
        writer._process._process.kill()
        writer._process._process.wait()
        for _ in range(200):
            writer.write(clip[1])
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_is_gone_when_its_iterator_is_closed(kit, tmp_path, monkeypatch):
    from vidstyle.media import ffmpeg, video

    started = []

    class Watched(ffmpeg.Process):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    path = kit.write(tmp_path / "o.mp4", kit.frames(30, size=(320, 240)))
    reader = open_clip(path)
    monkeypatch.setattr(video.ffmpeg, "Process", Watched)
    iterator = reader.frames()
    next(iterator)
    assert started[0]._process.poll() is None
    iterator.close()
    assert started[0]._process.poll() is not None


def test_frames_that_are_too_large_are_refused(kit, tmp_path):
    path = kit.write(tmp_path / "o.mp4", kit.frames(2))
    assert open_clip(path, ReadOptions(max_pixels=kit.W * kit.H)).info.frame_count == 2
    with pytest.raises(InputError, match="--max-pixels"):
        open_clip(path, ReadOptions(max_pixels=kit.W * kit.H - 1))


def test_a_video_without_pictures_is_an_error(kit, tmp_path):
    kit.ffmpeg(*SOUND, "-c:a", "aac", tmp_path / "sound.mp4")
    with pytest.raises(InputError, match="no video"):
        open_clip(tmp_path / "sound.mp4")


def test_a_mislabelled_video_is_read_as_what_it_is(kit, tmp_path):
    path = kit.write(tmp_path / "o.mp4", kit.frames(3))
    path.rename(tmp_path / "cat.gif")
    assert open_clip(tmp_path / "cat.gif").info.format == "mp4"
    assert len(kit.read(tmp_path / "cat.gif")) == 3


def test_frames_of_another_size_are_a_mistake_of_the_caller(kit, tmp_path):
    info = replace(kit.info_of(kit.frames(2)), width=10)
    with pytest.raises(ValueError, match="shape"), create_clip(tmp_path / "o.mp4", info) as writer:
        writer.write(kit.frames(1)[0])
