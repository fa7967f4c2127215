"""The command through a real process: what it prints, its exit codes, and what it leaves behind."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from vidstyle.neural.weights import EMBEDDED

COMMAND = [sys.executable, "-W", "error", "-m", "vidstyle"]
# TensorFlow's own imports warn; everything else must not.
RUN = [sys.executable, "-m", "vidstyle"]
QUICK = ["--first-evaluations", "6", "--evaluations", "2", "--precision", "float32"]


def vidstyle(*arguments, cwd=None, command=COMMAND):
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120)
    return done.returncode, done.stdout, done.stderr


def listing(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_run_paints_and_says_so(small, tmp_path):
    code, out, err = vidstyle(
        *("run", small / "clip.gif", "--style", f"{small}/cubist.png:2", "--style", small / "swirl.png"),
        *("-o", tmp_path / "out.mp4", "--report", tmp_path / "r.json", *QUICK),
        command=RUN,
    )
    assert code == 0, err
    assert out.startswith(f"{tmp_path}/out.mp4: 4 frames in ")
    lines = err.splitlines()
    assert len(lines) == 5 and lines[0].startswith("4 frames of 48x28, normal quality: about 0:")
    assert lines[1].startswith("frame 1 of 4  loss ") and all(line.endswith(" left") for line in lines[2:4])
    assert listing(tmp_path) == ["out.mp4", "r.json"]
    assert json.loads((tmp_path / "r.json").read_text())["totals"]["frames"] == 4
    code, out, _ = vidstyle("info", tmp_path / "out.mp4", "--json")
    facts = json.loads(out)
    assert (facts["width"], facts["height"], facts["rate"]) == (48, 28, "25/2")  # video has even sides


def test_the_same_command_gives_the_same_bytes_and_quiet_is_quiet(small, tmp_path):
    command = ("run", small / "clip.gif", "--style", small / "swirl.png", "--end", "0.1", *QUICK, "--quiet")
    for name in ("a.gif", "b.gif"):
        assert vidstyle(*command, "-o", tmp_path / name, command=RUN) == (0, "", "")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_help_and_info_do_without_tensorflow(small):
    script = (
        "import sys; sys.argv = ['vidstyle', *sys.argv[1:]]\n"
        "from vidstyle.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    for arguments in (["--help"], ["run", "--help"], ["info", small / "clip.gif"], ["weights"]):
        subprocess.run([sys.executable, "-c", script, *map(str, arguments)], check=True, capture_output=True)


def test_info_of_a_gif(small):
    code, out, _ = vidstyle("info", small / "clip.gif")
    assert code == 0
    assert "width      48\nheight     27\nframes     4\n" in out and "for ever" in out and "25/2" in out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has it")
def test_nobody_listens(small):
    for redirection, code, said in (
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("> /dev/full", 2, "vidstyle: standard output: No space"),
    ):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, "info", small / "clip.gif"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert done.returncode == code and done.stderr.startswith(said) and done.stderr.count("\n") == bool(said)


def test_weights(tmp_path):
    code, out, _ = vidstyle("weights")
    assert code == 0
    assert "226357b01bc2ae6b5e8336361cbeb0b2ec9e51bc3998006f589c7161774b803f" in out and "comes with vidstyle" in out


def test_a_name_that_is_no_text_is_printed_all_the_same(tmp_path):
    name = tmp_path / os.fsdecode(b"\xff.safetensors")
    try:
        name.symlink_to(EMBEDDED)
    except OSError:
        pytest.skip("this file system has no such names")
    command = [*COMMAND, "weights", "--weights", name]
    strict = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(command, capture_output=True, text=True, env=strict, check=True)
    assert "\\udcff.safetensors" in done.stdout


def make_bad_files(folder, small):
    picture = PIL.Image.fromarray(np.zeros((20, 20, 3), np.uint8))
    picture.save(folder / "tiny.png")
    picture.resize((12, 12)).save(folder / "12x12.png")
    (folder / "empty.gif").touch()
    (folder / "text.gif").write_text("I am not a picture, whatever my name says\n")
    (folder / "cut.gif").write_bytes((small / "clip.gif").read_bytes()[:2000])
    (folder / "header.gif").write_bytes((small / "clip.gif").read_bytes()[:13] + b";")
    (folder / "cut.png").write_bytes((small / "swirl.png").read_bytes()[:500])
    (folder / "bytes.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)))
    (folder / "clip.gif").write_bytes((small / "clip.gif").read_bytes())
    (folder / "s.png").write_bytes((small / "swirl.png").read_bytes())
    (folder / "w.png").write_bytes((small / "swirl.png").read_bytes())
    (folder / "there.gif").touch()
    (folder / "no pictures").mkdir()
    (folder / "no pictures" / "notes.txt").write_text("nothing")
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("precious")
    (folder / "w.safetensors").write_bytes(b"broken")


# The arguments after `vidstyle` and what its one line must say.
BAD = {
    "missing input": ("run none.gif --style s.png", "none.gif: there is no such file"),
    "name that a terminal would obey": ("run a\x1b[2J.gif --style s.png", "a\\x1b[2J.gif: "),
    "empty input": ("run empty.gif --style s.png", "empty.gif: the file is empty"),
    "text named gif": ("run text.gif --style s.png", "text.gif: not a picture or video"),
    "truncated gif": ("run cut.gif --style s.png", "cut.gif: "),
    "gif without frames": ("run header.gif --style s.png", "header.gif: "),
    "truncated png": ("run cut.png --style s.png", "cut.png: "),
    "damaged video": ("run bytes.mp4 --style s.png", "bytes.mp4: "),
    "folder without pictures": ("run", "no pictures"),
    "too small": ("run 12x12.png --style s.png", "--size"),
    "too many pixels": ("run clip.gif --style s.png --max-pixels 100", "--max-pixels"),
    "no style": ("run clip.gif", "--style"),
    "missing style": ("run clip.gif --style none.png", "none.png: there is no such file"),
    "style is a clip": ("run clip.gif --style clip.gif", "clip.gif: is a clip, not a picture"),
    "style is text": ("run clip.gif --style text.gif", "text.gif: not a picture"),
    "negative style weight": ("run clip.gif --style s.png:-1", "s.png:-1"),
    "unknown layer": ("run clip.gif --style s.png --content-layer conv4_7", "did you mean 'conv4_"),
    "unknown pooling": ("run clip.gif --style s.png --pooling mean", "unknown pooling 'mean'"),
    "unknown optimiser": ("run clip.gif --style s.png --optimizer adm", "did you mean 'adam'?"),
    "unknown output": ("run clip.gif --style s.png -o out.giff", "did you mean '.gif'?"),
    "unknown codec": ("run clip.gif --style s.png -o out.mp4 --codec x263", "--codec"),
    "crf out of range": ("run clip.gif --style s.png -o out.mp4 --crf 99", "--crf 99"),
    "unknown dither": ("run clip.gif --style s.png --dither bayer", "--dither"),
    "size out of range": ("run clip.gif --style s.png --size 3", "--size 3"),
    "size no number": ("run clip.gif --style s.png --size big", "--size"),
    "start no number": ("run clip.gif --style s.png --start soon", "--start 'soon'"),
    "start after the end": ("run clip.gif --style s.png --start 9", "--start 9"),
    "end before start": ("run clip.gif --style s.png --start 0.2 --end 0.1", "--end 0.1"),
    "weight nan": ("run clip.gif --style s.png --content-weight nan", "--content-weight nan"),
    "output exists": ("run clip.gif --style s.png -o there.gif", "--overwrite"),
    "output folder missing": ("run clip.gif --style s.png -o nowhere/out.gif", "nowhere"),
    "output is the input": ("run clip.gif --style s.png -o clip.gif --overwrite", "is an input"),
    "output folder holds other files": ("run clip.gif --style s.png -o mine/ --overwrite", "thesis.txt"),
    "clip into a still": ("run clip.gif --style s.png -o out.png", "out.png"),
    "report folder": ("run clip.gif --style s.png --report mine", "--report mine"),
    "broken weights": ("run clip.gif --style s.png --weights w.safetensors", "w.safetensors: damaged"),
    "weights of no kind": ("run clip.gif --style s.png --weights s.png", "s.png: weights are read from"),
    "mask missing": ("run clip.gif --style s.png --mask none.png", "none.png: there is no such file"),
    "mask black": ("run clip.gif --style s.png --keep-mask tiny.png", "--keep-mask tiny.png: is black everywhere"),
    "too few masks": ("run clip.gif --style s.png --style s.png --mask s.png", "--mask: 1 given for 2 styles"),
    "keyframes out of order": ("run clip.gif --style s.png@2s --style s.png@1s", "--style s.png@1s: comes after 2s"),
    "unknown option": ("run clip.gif --style s.png --sise 3", "--size"),
    "unknown command": ("paint clip.gif", "paint"),
    "info of nothing": ("info none.gif", "none.gif"),
    "zero fps": ("info clip.gif --fps 0", "--fps 0"),
    "measure nothing": ("measure none.gif clip.gif --style s.png", "none.gif: there is no such file"),
    "measure with times": ("measure clip.gif clip.gif --style s.png@1s", "knows no times and no layers"),
    "measure into one file": (
        "measure clip.gif clip.gif --style s.png --json a.png --plot a.png",
        "is another file of",
    ),
    "one name for all": ("run clip.gif --style s.png -o a.gif --save-config a.gif", "is another file of"),
    "settings among the frames": (
        "run clip.gif --style s.png -o frames/ --save-config frames/sub/s.toml",
        "--save-config frames/sub/s.toml: frames is for the frames alone",
    ),
    "output in the job": (
        "run clip.gif --style s.png -o mine/o.gif --job mine",
        "--job mine: is where the output",
    ),
    "standard output": ("run clip.gif --style s.png -o -", "standard output takes no clip"),
    "measure other frames": ("measure clip.gif s.png --style s.png", "s.png: has 1 frame, but clip.gif has 4;"),
    "measure into the input": (
        "measure clip.gif clip.gif --style s.png --json s.png --overwrite",
        "is another file of",
    ),
    "measure into a picture": (
        "measure clip.gif clip.gif --style s.png --plot p.gif",
        "--plot p.gif: is written as PNG",
    ),
    "gallery of nothing": ("gallery clip.gif --style none.png", "none.png: there is no such file"),
    "gallery of a folder without pictures": ("gallery clip.gif --style mine", "mine: there are no pictures"),
    "gallery over the input": ("gallery clip.gif --style s.png -o clip.gif --overwrite", "is an input"),
    "gallery over a mask": ("gallery clip.gif --style s.png --keep-mask w.png -o w.png --overwrite", "is an input"),
    "preview over a mask": ("preview clip.gif --style s.png --keep-mask w.png -o w.png --overwrite", "is an input"),
    "gallery of a clip as a picture": ("gallery clip.gif --style s.png -o out.jpg", "out.jpg: holds one picture"),
    "preview of an unknown setting": ("preview clip.gif --style s.png --x tvweight=1", "did you mean 'tv-weight'?"),
    "preview of a bad value": ("preview clip.gif --style s.png --y size=big", "--size"),
    "preview after the end": ("preview clip.gif --style s.png --at 9", "--at 9: clip.gif ends at 0.32 s"),
    "preview over": ("preview clip.gif --style s.png -o there.gif", "there.gif: exists already"),
    "reconstruct an unknown layer": ("reconstruct s.png --style-sets conv1_1+conv1_9", "--style-sets: unknown layer"),
    "reconstruct nothing": ("reconstruct s.png --content-layers none --style-sets none", "both are none"),
    "reconstruct over": ("reconstruct s.png -o s.png --overwrite", "is an input"),
    "reconstruct into a file": ("reconstruct s.png --pictures there.gif", "--pictures there.gif"),
    "compare other frames": ("compare clip.gif s.png", "s.png: has 1 frame, but clip.gif has 4;"),
    "compare how": ("compare clip.gif clip.gif --how sides", "did you mean 'side'?"),
    "measure over": ("measure clip.gif clip.gif --style s.png --json there.gif", "--json there.gif: exists already"),
}


@pytest.fixture(scope="module")
def bad(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    make_bad_files(folder, small)
    return folder


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line_and_leaves_nothing(bad, case):
    text, words = BAD[case]
    arguments = text.split() if case != "folder without pictures" else ["run", "no pictures", "--style", "s.png"]
    before = listing(bad)
    code, out, err = vidstyle(*arguments, cwd=bad)
    assert (code, out) == (2, ""), err
    assert err.startswith("vidstyle: ") and len(err.splitlines()) == 1
    assert words in err
    assert listing(bad) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable(small, tmp_path):
    tmp_path.chmod(0o500)
    code, _, err = vidstyle("run", small / "clip.gif", "--style", small / "swirl.png", "-o", tmp_path / "out.gif")
    assert code == 2 and "cannot be written" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(("stop", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopping_leaves_what_is_finished_for_the_next_run(small, tmp_path, stop, expected):
    process = subprocess.Popen(
        [
            *(*RUN, "run", small / "clip.gif", "--style", small / "swirl.png"),
            *("--loop", "off", "--first-evaluations", "5", "--evaluations", "100000", "--optimizer", "adam"),
            *("-o", tmp_path / "new" / "frames", "--report", tmp_path / "r.json"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "4 frames" in process.stderr.readline()
    assert "frame 1 of 4" in process.stderr.readline()
    time.sleep(0.5)  # inside the second frame, which would take hours
    process.send_signal(stop)
    rest = process.communicate(timeout=120)[1]
    assert process.returncode == expected
    kept = "1 finished frame is kept, the same command goes on from there"
    assert rest == f"vidstyle: interrupted; nothing unfinished was written; {kept}\n"
    assert listing(tmp_path) == [".frames.job", "00000000-00000001.state", "00000000.frame", "job.json", "lock", "new"]


def test_a_terminal_gets_a_bar(small, tmp_path):
    screen, inner = pty.openpty()
    process = subprocess.Popen(
        [*RUN, "run", small / "clip.gif", "--style", small / "swirl.png", "-o", tmp_path / "o.gif", *QUICK],
        stderr=inner,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(inner)
    shown = b""
    while True:
        try:
            shown += os.read(screen, 65536)
        except OSError:  # closed
            break
    assert process.wait(30) == 0
    process.stdout.close()
    os.close(screen)
    assert b"frame 4 of 4" in shown and b"\x1b[" in shown


def test_installed_command_is_this_program():
    command = Path(sys.executable).with_name("vidstyle")
    if not command.exists():
        pytest.skip("not installed as a package")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "Paint moving pictures" in done.stdout


def test_measure_prints_and_writes_its_figures(small, tmp_path):
    clip = small / "clip.gif"
    code, out, err = vidstyle(
        *("measure", clip, clip, "--style", small / "swirl.png"),
        *("--json", tmp_path / "m.json", "--plot", tmp_path / "m.png"),
        command=RUN,
    )
    assert (code, err) == (0, "")
    assert out.startswith("4 frames of 48x27\nloss ") and ", 1.00 of it" in out
    assert listing(tmp_path) == ["m.json", "m.png"]
    assert json.loads((tmp_path / "m.json").read_text())["total"]["content"] == 0
    with PIL.Image.open(tmp_path / "m.png") as drawing:
        assert drawing.format == "PNG"


def test_a_gallery_says_which_style_failed(small, tmp_path):
    code, out, err = vidstyle(
        *("gallery", small / "swirl.png", "--style", small / "cubist.png", "--style", tmp_path / "none.png"),
        *("--size", "32", "-o", tmp_path / "sheet.png", *QUICK),
        command=RUN,
    )
    assert code == 2 and out == f"{tmp_path}/sheet.png: 1 styles\n"
    lines = err.splitlines()
    assert lines[0].startswith("cubist.png: 1 frame of 32x32") and lines[1].startswith("cubist.png: frame 1 of 1  loss")
    assert lines[2:] == [
        f"vidstyle: {tmp_path}/sheet.png: 1 of 2 styles failed: {tmp_path}/none.png: there is no such file or folder"
    ]


def test_a_preview_tells_the_expected_time(small, tmp_path):
    code, out, err = vidstyle(
        *("preview", small / "clip.gif", "--style", small / "cubist.png", "--x", "content-weight=0.1,2"),
        *("-o", tmp_path / "sheet.png", *QUICK),
        command=RUN,
    )
    assert code == 0, err
    assert len(err.splitlines()) == 2 and err.startswith("--content-weight 0.1: frame 1 of 1  loss ")
    lines = out.splitlines()
    assert lines[0] == f"{tmp_path}/sheet.png: frame 3 of 4; the whole clip would take"
    assert lines[1].startswith("  about ") and lines[1].endswith(" with --content-weight 0.1") and len(lines) == 3
