"""Files: what is read ends, what is written is whole or not there, and no text gives orders to a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
import random
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from heparin_pk import Nomogram, Outcomes, Source, cli, plot
from heparin_pk.base import files, texts
from heparin_pk.base.files import Output, check_output, check_output_folder, read_text, write_bytes, write_text

RASCHKE = (Path(cli.__file__).parents[1] / "ward" / "nomograms" / "raschke-1993.toml").read_text(encoding="utf-8")
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534
NAMES = ["a.csv", "b c.csv", "é.csv", "-", "=1+1.csv", "x" * 250]


def left(folder: Path) -> list[str]:
    """Return the names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))


# Writing


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_and_replaced_without_a_trace(tmp_path, name):
    for text in ("first é\n", "", "second, longer\n"):
        write_text(tmp_path / name, text)
        assert (tmp_path / name).read_bytes() == text.encode()
        assert left(tmp_path) == [name]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "ours", "x")
    assert os.stat(tmp_path / "ours").st_mode == os.stat(tmp_path / "plain").st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_permissions_of_an_existing_file_are_kept(tmp_path, mode):
    file = tmp_path / "a.csv"
    file.write_text("old")
    file.chmod(mode)
    write_text(file, "new")
    assert stat.S_IMODE(os.stat(file).st_mode) == mode
    assert file.read_text() == "new"


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "there").mkdir()
    real, dangling, chain = tmp_path / "there" / "real", tmp_path / "there" / "new", tmp_path / "chain"
    real.write_text("old")
    (tmp_path / "link").symlink_to(real)
    chain.symlink_to(tmp_path / "link")
    (tmp_path / "dangling").symlink_to(dangling)
    write_text(chain, "through two links")
    write_text(tmp_path / "dangling", "new")
    assert all((tmp_path / link).is_symlink() for link in ("link", "chain", "dangling"))
    assert (real.read_text(), dangling.read_text()) == ("through two links", "new")
    assert left(tmp_path / "there") == ["new", "real"]
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for write in (check_output, lambda file: write_text(file, "x")):
        with pytest.raises(ValueError, match="loop: cannot be written: Too many levels"):
            write(tmp_path / "loop")


def test_a_planted_link_redirects_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(files.secrets, "token_hex", lambda n: "known")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    planted = tmp_path / ".known.unfinished"
    planted.symlink_to(victim)
    with pytest.raises(ValueError, match="a.csv: cannot be written: File exists"):
        write_text(tmp_path / "a.csv", "x")
    assert victim.read_text() == "untouched"
    assert planted.is_symlink()
    assert left(tmp_path) == [".known.unfinished", "victim"]


def test_two_writers_of_one_file_both_write_whole(tmp_path):
    one, two = Output(tmp_path / "a"), Output(tmp_path / "a")
    for _ in range(1000):
        one.write("1" * 100)
        two.write(b"2" * 50)
    one.finish()
    assert (tmp_path / "a").read_text() == "1" * 100_000
    two.finish()
    assert (tmp_path / "a").read_text() == "2" * 50_000
    assert left(tmp_path) == ["a"]


def test_an_output_given_up_leaves_what_was_there(tmp_path):
    (tmp_path / "a").write_text("old")
    out = Output(tmp_path / "a")
    out.write("new")
    out.discard()
    out.discard()
    out.finish()  # nothing is left to finish
    assert (tmp_path / "a").read_text() == "old"
    assert left(tmp_path) == ["a"]
    with pytest.raises(ValueError, match="is closed"):
        out.write("more")


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
@pytest.mark.parametrize("before", [None, "old"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, broken, before):
    if before:
        (tmp_path / "a").write_text(before)

    def full(*_):
        raise OSError(28, "No space left on device")

    if broken == "write":

        class Full(io.BytesIO):
            write = full

        monkeypatch.setattr(files.os, "fdopen", lambda descriptor, _: os.close(descriptor) or Full())
    else:
        monkeypatch.setattr(files.os, broken, full)
    with pytest.raises(ValueError, match="a: cannot be written: No space left on device"):
        write_text(tmp_path / "a", "x" * 100_000)
    monkeypatch.undo()
    assert left(tmp_path) == (["a"] if before else [])
    assert not before or (tmp_path / "a").read_text() == before


def test_an_interruption_leaves_nothing_half_written(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a", "x")
    assert left(tmp_path) == []


def test_half_a_character_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="a: cannot be written: 'utf-8' codec"):
        write_text(tmp_path / "a", "\udcff")
    assert left(tmp_path) == []


def test_devices_are_written_through_and_stay_devices(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    (tmp_path / "link").symlink_to("/dev/null")
    check_output("/dev/full")
    for device in ("/dev/null", tmp_path / "link"):
        write_text(device, "x")
    with pytest.raises(ValueError, match="/dev/full: cannot be written: No space left on device"):
        write_text("/dev/full", "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    assert (tmp_path / "link").is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_written_through_and_one_without_reader_refused(tmp_path, monkeypatch):
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    check_output(pipe)  # does not wait for a reader, nor end one
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_bytes(pipe, b"x" * 100_000)
    reader.join(timeout=10)
    assert found == [b"x" * 100_000]
    monkeypatch.setattr(files, "_WAIT_FOR_READER_S", 0.1)
    with pytest.raises(ValueError, match="pipe: cannot be written: it is a pipe that no process reads"):
        write_text(pipe, "x")
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


NOT_WRITABLE = {
    "a folder": (".", "it is a folder"),
    "a new folder": ("new/", "it is the name of a folder"),
    "a missing folder": ("no/where.csv", "there is no folder .*no"),
    "a file as a folder": ("file/x.csv", "Not a directory"),
    "a long name": ("x" * 300, "File name too long"),
}


@pytest.mark.parametrize("name", NOT_WRITABLE)
def test_what_cannot_be_written_is_refused_before_and_after(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    file, reason = NOT_WRITABLE[name]
    for write in (check_output, lambda file: write_text(file, "x")):
        with pytest.raises(ValueError, match=f"^{file}: cannot be written: {reason}"):
            write(file)
    assert left(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_no_name_is_no_file(name):
    for check in (check_output, check_output_folder, lambda file: write_text(file, "x")):
        with pytest.raises(ValueError, match="needs a name; got"):
            check(name)


@pytest.fixture
def an_ordinary_user():
    """Yield a folder of an ordinary user, who runs the test: root, as in a container, may write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        if IS_ROOT:
            os.chown(folder, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, 0)
        yield Path(folder)
        if IS_ROOT:
            os.setresuid(0, 0, 0)


def test_a_read_only_folder_or_file_is_refused(an_ordinary_user):
    folder, file = an_ordinary_user / "folder", an_ordinary_user / "file"
    folder.mkdir()
    file.write_text("old")
    folder.chmod(0o500)
    file.chmod(0o400)
    for place in (folder / "a.csv", file):
        with pytest.raises(ValueError, match="cannot be written: Permission denied"):
            check_output(place)
    with pytest.raises(ValueError, match="cannot be made: Permission denied"):
        check_output_folder(folder / "deep" / "er")


def test_checking_changes_nothing(tmp_path):
    (tmp_path / "a").write_text("old")
    os.utime(tmp_path / "a", (1, 1))
    for name in ("a", "new"):
        check_output(tmp_path / name)
    check_output_folder(tmp_path / "deep" / "er")
    with pytest.raises(ValueError, match="cannot be made: .*a is no folder"):
        check_output_folder(tmp_path / "a" / "deep")
    assert left(tmp_path) == ["a"]
    assert os.stat(tmp_path / "a").st_mtime == 1


def test_pictures_and_parquet_are_whole_or_not_there(tmp_path):
    figure, _ = plot.base.new_figure(2, 2)
    plot.save(figure, tmp_path / "a.png")
    plot.save(figure, tmp_path / "b")  # without a suffix it is a PNG, as in matplotlib
    plot.save(figure, tmp_path / "c.SVG", metadata={"Date": None})
    assert left(tmp_path) == ["a.png", "b.png", "c.SVG"]
    with pytest.raises(ValueError, match=r"x.png: cannot be written: there is no folder"):
        plot.save(figure, tmp_path / "no" / "x.png")
    with pytest.raises(ValueError, match="needs a name"):
        Outcomes.to_parquet(None, "")  # refused before the rows are gathered


# Reading


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_only_files_are_read_and_nothing_waits(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    start = time.monotonic()
    for name, kind in (("pipe.toml", "is a pipe"), ("zero.toml", "is a device"), (".", "is a folder")):
        with pytest.raises(ValueError, match=f"cannot be read: {kind}; only files are read"):
            read_text(tmp_path / name)
    for name in ("pipe.toml", "zero.toml"):
        with pytest.raises(ValueError, match="only files are read"):
            Nomogram.load(tmp_path / name)
    assert time.monotonic() - start < 5.0


def test_line_ends_marks_and_nul(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(tmp_path / "a") == "a\nb\nc\n"
    (tmp_path / "a").write_bytes(b"a\0b")
    with pytest.raises(ValueError, match="a: is not text: it holds a NUL character"):
        read_text(tmp_path / "a")


def test_a_large_file_is_refused_at_once_with_the_limit(tmp_path):
    large = tmp_path / "large.toml"
    with large.open("wb") as out:
        out.truncate(50_000_000_000)  # a file with a hole
    for load, most in ((read_text, "64 MB"), (Nomogram.load, "100 kB")):
        with pytest.raises(ValueError, match=f"large.toml: is too large: at most {most} are read"):
            load(large)
    (tmp_path / "full").write_bytes(b"x" * 100)
    assert read_text(tmp_path / "full", 100) == "x" * 100
    with pytest.raises(ValueError, match="at most 0.099 kB"):
        read_text(tmp_path / "full", 99)


# Hostile tables


def with_line(key: str, value: str) -> str:
    """Return Raschke's table with another value of a key, wherever the key stands first."""
    lines = RASCHKE.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(f"{key} ="))
    lines[place] = f"{key} = {value}"
    return "\n".join(lines)


HOSTILE_TABLES = {
    "nested": ("x = " + "[\n" * 40_000, "is nested too deeply"),
    "nested keys": ("x = " + "{a = " * 700, "is nested too deeply"),
    "dotted keys": (".".join("a" * 1500) + " = 1", "is nested too deeply"),
    "a long line": (".".join("a" * 40_000) + " = 1", "a line may have 4000 characters; got 80003"),
    "doi a number": (with_line("doi", "10.7"), r"\[source\]: doi must be a text that is not empty; got 10.7"),
    "doi not a number": (with_line("doi", "nan"), r"\[source\]: doi must be a text"),
    "400 digits": (with_line("round_to", "9" * 400), "a whole number of 1329 bits; it may have 64"),
    "5000 digits": (with_line("round_to", "9" * 5000), "a line may have 4000 characters"),
    "hexadecimal": (with_line("round_to", "0x" + "f" * 3000), "a whole number of 12000 bits"),
    "title not a number": (with_line("title", "nan"), "title must be a text"),
    "label": (RASCHKE.replace('label = "', 'label = "\\u001b', 1), "label must be a text without control characters"),
    "key": (RASCHKE + '\n"\\u001b[31m" = 1', "a key must be a text without control characters"),
    "NUL": (with_line("title", '"a\\u0000b"'), "title must be a text without control characters"),
    "escape": (with_line("title", '"a\\u001b[2Jb"'), "title must be a text without control characters; got 'a\\\\x1b"),
    "override": (with_line("citation", '"a\\u202Eb"'), "citation must be a text without control characters"),
    "place": (with_line("where", '"a\\u0085b"'), "where must be a text without control characters"),
}


@pytest.mark.parametrize("name", HOSTILE_TABLES)
def test_a_hostile_table_is_one_line_that_names_the_file(tmp_path, name, capsys):
    text, complaint = HOSTILE_TABLES[name]
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"t\.toml(, line \d+)?: .*{complaint}"):
        Nomogram.load(tmp_path / "t.toml")
    assert cli.main(["nomograms", str(tmp_path / "t.toml")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert len(said.err) < 3000
    assert not texts.UNSAFE.search(said.err)


def test_texts_of_a_source_are_texts():
    for wrong in (10.7, None, float("nan"), " ", "a\x1bb", "\u2066"):
        with pytest.raises(ValueError, match="doi must be a text"):
            Source(key="A", citation="A", where="A", confidence="primary", doi=wrong)
    assert Source(key="A", citation="A", where="p. 1\nTable 2", confidence="primary").where == "p. 1\nTable 2"


def test_a_table_with_anything_in_it_loads_or_says_why(tmp_path):
    values = ['""', '"\\u0000"', '"\\u202e"', "nan", "-inf", "9" * 400, "1979-05-27", "[]", "{}", "true", "-0.0", "1e308",
              "[[[]]]", '"=1+1"', "[nan]", "'''a\nb'''", "-1", "0x" + "f" * 2000, "[" * 3000 + "]" * 3000]  # fmt: skip
    picked = random.Random(13)
    lines = RASCHKE.splitlines()
    keyed = [i for i, line in enumerate(lines) if "=" in line]
    file, said = tmp_path / "t.toml", []
    for _ in range(300):
        changed = list(lines)
        for place in picked.sample(keyed, picked.choice((1, 1, 2))):
            changed[place] = f"{changed[place].partition('=')[0]}= {picked.choice(values)}"
        file.write_text("\n".join(changed), encoding="utf-8")
        try:
            table = Nomogram.load(file)
        except ValueError as error:
            said.append(str(error))
        else:
            assert not texts.UNSAFE.search(str(table))
    assert len(said) > 200
    assert all(line.startswith((f"{file}: ", f"{file}, line ")) for line in said)


# Texts


def test_what_is_shown_has_no_orders_for_a_terminal():
    every = "".join(map(chr, [*range(0x300), *range(0x2000, 0x2100), 0xD800, 0xDFFF, 0xFEFF]))
    shown = texts.visible(every)
    assert [sign for sign in shown if ord(sign) < 32 or 127 <= ord(sign) < 160] == ["\t", "\n"]
    for sign in "\u202a\u202e\u2066\u2069\u200e\u200f\u061c\udfff":
        assert sign not in texts.visible(sign)
    assert texts.visible("é × – 😀 \u200d") == "é × – 😀 \u200d"
    assert texts.one_line("a\nb\r\n  c\x1b") == "a b c\\x1b"
    assert len(texts.one_line("x" * 10**6)) < 2100


def test_cells_are_never_formulas_and_read_back_without_loss():
    picked = random.Random(13)
    for _ in range(20_000):
        text = "".join(picked.choices("=+-@\t\r\n'\"ax,;＝＋ 1|!", k=picked.randrange(6)))
        cell = texts.as_cell(text)
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        if "\r" not in text:  # Python writes one alone without quotes; no name holds it
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerow([cell, "x"])
            assert next(csv.reader(io.StringIO(out.getvalue(), newline="")))[0] == cell
        assert texts.from_cell(cell) == text
    assert texts.as_cell("raschke-1993") == "raschke-1993"
    assert texts.from_cell("'t is ours") == "'t is ours"


# The command line in a process of its own


def command(*arguments: str | bytes, **options) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    call = [sys.executable, "-m", "heparin_pk.cli", *arguments]
    return subprocess.run(call, stderr=subprocess.PIPE, check=False, timeout=60, **options)


SHORT = ("simulate", "--weight", "80", "--bolus", "80", "--hours", "2")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no /dev/stdout")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_standard_output_is_written_through(tmp_path, name):
    expected = command(*SHORT, stdout=subprocess.PIPE).stdout.decode()
    with (tmp_path / "out").open("wb") as out:
        assert command(*SHORT, "--csv", name, stdout=out).returncode == 0
    piped = command(*SHORT, "--csv", name, stdout=subprocess.PIPE)
    found = (tmp_path / "out").read_bytes()
    assert found == piped.stdout
    assert found.startswith(b"record,time_h")
    assert found.decode().endswith(expected.replace("\nFor teaching", f"\nwritten: {name}\nFor teaching"))
    assert left(tmp_path) == ["out"]


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_one_line(unbuffered):
    for arguments in (("models",), ("models", "--json"), ("--help",), SHORT):
        with open("/dev/full", "wb") as full:
            found = command(*arguments, stdout=full, env={**os.environ, "PYTHONUNBUFFERED": unbuffered})
        assert found.returncode == 2
        assert found.stderr == b"heparin-pk: error: the output: cannot be written: No space left on device\n"


@pytest.mark.slow
def test_a_small_disk_is_one_line_and_leaves_nothing(tmp_path):
    mounted = IS_ROOT and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "none", tmp_path], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("only root mounts a small disk")
    try:
        for option in (("--csv", "a.csv"), ("--figure", "a.png")):
            found = command(*SHORT, *option, cwd=tmp_path, stdout=subprocess.PIPE)
            assert (found.returncode, found.stdout) == (2, b"")
            assert found.stderr == f"heparin-pk: error: {option[1]}: cannot be written: No space left on device\n".encode()
            assert left(tmp_path) == []
        assert command("demo", "--folder", "deep/er", cwd=tmp_path).returncode == 2
        assert left(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.slow
def test_other_encodings_and_odd_bytes(tmp_path):
    ascii_only = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    for arguments in (("cite",), ("nomograms", "raschke-1993"), ("validate", "--group", "kinetics")):
        found = command(*arguments, stdout=subprocess.PIPE, env=ascii_only)
        assert (found.returncode, found.stderr) == (0, b"")
        assert found.stdout.isascii()
    for bad in (b"a\xff", b"\xff.toml", "é\u202e.toml".encode()):
        found = command("titrate", bad, "--weight", "80", stdout=subprocess.PIPE)
        assert (found.returncode, found.stdout, found.stderr.count(b"\n")) == (2, b"", 1)
        assert b"\xff" not in found.stderr
    found = command(*SHORT, "--csv", b"a\xff\x1b.csv", stdout=subprocess.PIPE, cwd=tmp_path)
    assert b"written: a\\udcff\\x1b.csv" in found.stdout
    assert os.listdir(os.fsencode(tmp_path)) == [b"a\xff\x1b.csv"]
