"""Batches: what a file of jobs may say, that failures end their own job only, and the exit code."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from vidstyle.cli.summary import summary
from vidstyle.config import Style
from vidstyle.errors import InputError, OptionError, ResourceError
from vidstyle.jobs.batch import Item, Outcome, Painted, check_results, folder_items, read_jobs, run_batch

QUICK = "first-evaluations = 4\nevaluations = 2\nprecision = 'float32'\nend = 0.1\n"


def test_jobs_have_the_defaults_and_their_own_settings(tmp_path):
    (tmp_path / "jobs.toml").write_text(
        "[defaults]\nstyle = 'a.png'\nsize = 99\n"
        "[[job]]\ninput = 'a.gif'\n"
        "[[job]]\ninput = '/far/b.mp4'\noutput = 'sub/b/'\nsize = 50\nstyle = 'b.png'\n"
    )
    first, second = read_jobs(tmp_path / "jobs.toml")
    assert (first.source, first.folder, first.output) == (tmp_path / "a.gif", tmp_path, None)
    assert (str(second.source), second.output) == ("/far/b.mp4", "sub/b/")
    assert [item.settings["size"] for item in (first, second)] == [99, 50]
    assert second.settings["styles"][0].path == tmp_path / "b.png"
    assert read_jobs(tmp_path / "jobs.toml", tmp_path / "out")[1].folder == tmp_path / "out"


ONE = "[[job]]\ninput = 'a.gif'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no jobs; write [[job]]"),
        ("[jobs]\n", "unknown table 'jobs': did you mean '[[job]]'?"),
        ("job = 3\n", "settings for all jobs stand under [defaults]"),
        ("defaults = 3\n" + ONE, "settings for all jobs stand under [defaults]"),
        ("[[job]]\noutput = 'b.gif'\n", "job 1: needs input"),
        ("[[job]]\ninput = 3\n", "job 1: needs input"),
        (ONE + "output = 3\n", "job 1: needs input"),
        (ONE + "ouput = 'b.gif'\n", "unknown setting 'ouput'"),
        (ONE + "overwrite = true\n", "unknown setting 'overwrite'"),
        (ONE + "output = '/tmp/b.gif'\n", "lies outside"),
        (ONE + "output = '../b.gif'\n", "lies outside"),
        (ONE + "output = 'in/../../b.gif'\n", "lies outside"),
        (ONE + "output = 'link/b.gif'\n", "lies outside"),
        (ONE + "output = '.'\n", "lies outside"),
        ("[defaults]\nsize = 'big'\n" + ONE, "size = \"big\": must be a whole number"),
    ],
)  # fmt: skip
def test_a_bad_file_of_jobs_is_refused_as_a_whole(tmp_path, text, words):
    folder = tmp_path / "jobs"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "jobs.toml").write_text(text)
    with pytest.raises(OptionError) as refusal:
        read_jobs(folder / "jobs.toml")
    assert words in str(refusal.value) and str(folder / "jobs.toml") in str(refusal.value)


def test_any_failure_ends_its_own_item_only_and_leaves_no_folder(tmp_path):
    items = [Item(tmp_path / str(n), tmp_path / f"out{n}" / "deep", None, {}) for n in range(4)]

    def paint(item):
        number = int(item.source.name)
        if number in (0, 2):
            raise InputError("two\nlines") if number == 0 else MemoryError()
        (item.folder / "x.gif").touch()
        return Painted(item.folder / "x.gif", 1, 0.5)

    outcomes = list(run_batch(items, paint))
    assert [outcome.error for outcome in outcomes] == ["two lines", "", f"{tmp_path}/2: MemoryError:", ""]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out1", "out3"]
    reversed_order = list(run_batch(items[1::2], paint, lambda function, given: map(function, reversed(list(given)))))
    assert [outcome.item for outcome in reversed_order] == items[3::-2]


def test_workers_that_begin_at_once_share_a_new_folder(tmp_path):
    for n in range(50):
        items = [Item(tmp_path / f"{i}.gif", tmp_path / str(n) / "deep", None, {}) for i in range(4)]

        def paint(item):
            if item.source.stem == "0":
                raise InputError("no clip")
            (item.folder / item.source.name).touch()
            return Painted(item.folder / item.source.name, 1, 0.5)

        with ThreadPoolExecutor(4) as pool:
            assert [outcome.error for outcome in run_batch(items, paint, pool.map)] == ["no clip", "", "", ""]


def test_a_folder_gives_its_clips_without_the_styles(small, tmp_path):
    for name in ("b.GIF", "a.mp4", ".hidden.gif", "notes.txt", "s.png"):
        (tmp_path / name).touch()
    (tmp_path / "sub.gif").mkdir()
    found = folder_items(tmp_path, tmp_path / "out", [tmp_path / "s.png"])
    assert [item.source.name for item in found] == ["a.mp4", "b.GIF"]
    with pytest.raises(InputError, match="no clips"):
        folder_items(tmp_path / "sub.gif", tmp_path, [])


def test_no_result_of_a_folder_takes_the_place_of_another(small, tmp_path):
    for name in ("a.png", "a.gif"):
        (tmp_path / name).write_bytes((small / "clip.gif").read_bytes())
    with pytest.raises(OptionError, match=r"a\.png: its result would have the name of that of .*a\.gif, .*a_\.gif"):
        check_results(folder_items(tmp_path, tmp_path / "out", []), False)


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ([("a.gif", None), ("a.gif", None)], r"a.gif: its result would have the name of that of .*a\.gif, .*a_s\.gif"),
        ([("a.gif", "x.gif"), ("a.gif", "./x.gif")], "would have the name of that of"),
        ([("a.gif", None), ("b.gif", "a_s.gif")], "b.gif: its result would have the name of that of .*a.gif"),
        ([("a.gif", "b.gif"), ("b.gif", None)], "a.gif: its result would take the place of .*b.gif, which is read"),
        ([("a.gif", "f/1.png"), ("f/", None)], "would take the place of .*1.png, which is read"),
        ([("a.gif", "f/%d.png"), ("f/1.png", None)], "would take the place of .*1.png, which is read"),
        ([("a.gif", "step.gif"), ("step.gif", "b2.gif")], None),
        ([("none.gif", None), ("none.gif", None)], None),  # each told when its turn comes
        ([("a.gif", None), ("b.gif", None)], None),
    ],
)
def test_results_of_jobs_take_the_place_of_nothing(small, tmp_path, jobs, words):
    for name in ("a.gif", "b.gif"):
        (tmp_path / name).write_bytes((small / "clip.gif").read_bytes())
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "1.png").write_bytes((small / "cubist.png").read_bytes())
    settings = {"styles": (Style(tmp_path / "s.gif"),)}
    items = [Item(tmp_path / source, tmp_path, output, settings) for source, output in jobs]
    with pytest.raises(OptionError, match=words) if words else nullcontext():
        check_results(items, True)
    with pytest.raises(OptionError) if words and "place" not in words else nullcontext():
        check_results(items, False)  # nothing that is there is replaced


def test_an_item_whose_worker_was_lost_fails_by_itself(tmp_path):
    items = [Item(tmp_path / str(n), tmp_path, None, {}) for n in range(3)]

    def execute(function, given):
        for item in given:
            yield ResourceError("a worker was lost") if item is items[1] else function(item)

    outcomes = list(run_batch(items, lambda item: Painted(item.source, 1, 0.5), execute))
    assert [outcome.error for outcome in outcomes] == ["", f"{items[1].source}: a worker was lost", ""]
    assert outcomes[1].item is items[1] and outcomes[1].failed


def test_the_command_goes_on_past_failures_and_its_exit_code_says_so(small, tmp_path, vidstyle):
    (tmp_path / "jobs.toml").write_text(
        f"[defaults]\nstyle = '{small}/swirl.png'\n{QUICK}"
        "[[job]]\ninput = 'none.gif'\n"
        f"[[job]]\ninput = '{small}/clip.gif'\noutput = '{tmp_path}/out/sub/one.gif'\n"
        f"[[job]]\ninput = '{small}/clip.gif'\n"
    )
    code, out, err = vidstyle("batch", tmp_path / "jobs.toml", "--size", "32", "-o", tmp_path / "out")
    lines = out.splitlines()
    assert code == 1 and len(lines) == 3, err
    assert lines[0] == f"failed: {tmp_path}/none.gif: there is no such file or folder"
    assert lines[1].startswith(f"{tmp_path}/out/sub/one.gif: 2 frames in ")
    assert lines[2].startswith(f"{tmp_path}/out/clip_swirl.gif: 2 frames in ")
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert names == ["jobs.toml", "out", "out/clip_swirl.gif", "out/sub", "out/sub/one.gif"]
    assert "2 of 3: " in err and "Traceback" not in err


def test_a_batch_that_was_stopped_goes_on_with_the_same_command(small, tmp_path, vidstyle):
    for name in ("a.gif", "b.gif"):
        (tmp_path / name).write_bytes((small / "clip.gif").read_bytes())
    (tmp_path / "jobs.toml").write_text(
        f"[defaults]\nstyle = '{small}/swirl.png'\n{QUICK}[[job]]\ninput = 'a.gif'\n"
        "[[job]]\ninput = 'b.gif'\noutput = 'frames/'\n"
    )
    again = ("batch", tmp_path / "jobs.toml", "-o", tmp_path / "out")
    assert vidstyle(*again)[0] == 0
    before = (tmp_path / "out" / "a_swirl.gif").read_bytes()
    (tmp_path / "out" / "a_swirl.gif").unlink()
    code, out, _ = vidstyle(*again)
    painted, kept = out.splitlines()
    assert code == 0 and kept == f"kept: {tmp_path}/out/frames: holds frames already: use --overwrite to replace them"
    assert painted.startswith(f"{tmp_path}/out/a_swirl.gif: ") and (tmp_path / "out/a_swirl.gif").read_bytes() == before
    assert vidstyle(*again, "--quiet") == (0, "", "")


def test_what_is_not_the_result_of_a_job_is_not_kept_as_that(small, tmp_path, vidstyle):
    (tmp_path / "a.png").write_bytes((small / "cubist.png").read_bytes())
    (tmp_path / "jobs.toml").write_text(
        f"[defaults]\nstyle = '{small}/swirl.png'\n{QUICK}[[job]]\ninput = 'a.png'\noutput = 'half/'\n"
    )
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "frame_000001.png").touch()  # of a run that was killed while it moved its frames
    (tmp_path / ".half.job").mkdir()
    code, out, _ = vidstyle("batch", tmp_path / "jobs.toml")
    assert code == 1 and [line.partition(":")[0] for line in out.splitlines()] == ["failed"]


def test_a_batch_that_cannot_begin_is_refused(small, tmp_path, vidstyle):
    (tmp_path / "jobs.toml").write_text(ONE + "size = 3\nstyle = 'a.png'\n")
    for arguments, words in (
        (["jobs.toml"], "--size 3: must be between 16 and 16384 pixels (for a.gif)"),
        (["none.toml"], "none.toml: there is no such file"),
        ([small], "--style: at least one picture is needed"),
        ([small, "-o", small], "holds the clips; results in it would be painted next time"),
    ):
        code, out, err = vidstyle("batch", *arguments, cwd=tmp_path)
        assert (code, out, len(err.splitlines())) == (2, "", 1) and words in err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_table_and_quiet_only_the_failures(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")  # without colours
    done, failed = (Item(Path(name), tmp_path, None, {}) for name in ("[red]a.gif", "b.gif"))
    outcomes = [Outcome(done, Painted(Path("o.gif"), 4, 3.21)), Outcome(failed, error="b.gif: is [bold]")]
    screens = [Terminal(), Terminal()]
    monkeypatch.setattr("sys.stdout", screens[0])
    monkeypatch.setattr("sys.stderr", screens[1])
    summary(outcomes, quiet=False)
    table = screens[0].getvalue()
    assert "[red]a.gif" in table and "o.gif" in table and "3.2" in table and "b.gif: is [bold]" in table
    assert not screens[1].getvalue()
    summary(outcomes, quiet=True)
    assert "a.gif" not in screens[1].getvalue() and "b.gif: is [bold]" in screens[1].getvalue()
    assert screens[0].getvalue() == table
