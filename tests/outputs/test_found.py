"""What a reader found who followed the README and tried to lose files; the cases are that reader's."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ncvc.checkpoint.manifest import foreign_files
from ncvc.demo.folder import MARKER
from ncvc.demo.run import run_demo
from ncvc.errors import DemoError, NcvcError
from ncvc.files import whole_folder
from ncvc.manifest import TOKENIZER, verify, write_manifest
from ncvc.outputs import (
    is_page_or_picture,
    require_replaceable,
    require_run_folder,
    require_untouched,
    sealed,
    sealed_picture,
)
from ncvc.progress import Reporter


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A folder of ours with two files."""
    with whole_folder(tmp_path / "ours") as partial:
        (partial / "a").write_text("高血圧")
        (partial / "inner").mkdir()
        (partial / "inner/b").write_text("糖尿病")
        write_manifest(partial, stage=TOKENIZER)
    return tmp_path / "ours"


def flip(folder: Path) -> None:
    (folder / "a").write_text("低血圧")  # as long as before


def flip_and_chown(folder: Path) -> None:
    flip(folder)
    for path in folder.rglob("*"):
        os.chown(path, os.getuid(), os.getgid())


def flip_and_touch_the_manifest(folder: Path) -> None:
    flip(folder)
    time.sleep(0.02)
    (folder / "manifest.json").touch()


def flip_and_copy(folder: Path) -> None:
    flip(folder)
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)


def link_a_folder(folder: Path) -> None:
    (folder.parent / "mine").mkdir()
    (folder / "mine").symlink_to(folder.parent / "mine")


def link_a_folder_deeper(folder: Path) -> None:
    link_a_folder(folder)
    (folder / "mine").rename(folder / "inner/mine")


EDITS = (flip, flip_and_chown, flip_and_touch_the_manifest, flip_and_copy, link_a_folder, link_a_folder_deeper)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found_however_the_clocks_of_the_files_stand(ours: Path, edit: Callable[[Path], None]) -> None:
    require_replaceable(ours, TOKENIZER, replace=True)
    edit(ours)
    assert list(verify(ours))
    with pytest.raises(NcvcError, match="since ncvc wrote the folder"):
        require_replaceable(ours, TOKENIZER, replace=True)


def put_a_letter(folder: Path) -> None:
    (folder / "letter.txt").write_text("残す")


def replace_while(edit: Callable[[Path], None], final: Path) -> None:
    """Writes a new folder, while somebody edits the one that it replaces."""
    with whole_folder(final, require_untouched) as partial:
        (partial / "a").write_text("新しい")
        edit(final)


@pytest.mark.parametrize(("name", "edit"), [("ours", flip), ("ours", put_a_letter), ("empty", put_a_letter)])
def test_what_is_put_there_while_it_is_written_stays(
    ours: Path, tmp_path: Path, name: str, edit: Callable[[Path], None]
) -> None:
    final = tmp_path / name
    final.mkdir(exist_ok=True)
    with pytest.raises(NcvcError, match="while ncvc was writing it"):
        replace_while(edit, final)
    kept = final / ("a" if edit is flip else "letter.txt")
    assert kept.read_text() == ("低血圧" if edit is flip else "残す")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("text", ['{"patient": 1}\n', '{"text": "a"}\n{"te', "letter", '{"eve'])
def test_a_log_of_somebody_elses_is_not_gone_on_with(tmp_path: Path, text: str) -> None:
    (tmp_path / "run/checkpoints").mkdir(parents=True)
    (tmp_path / "run/log.jsonl").write_text(text)
    if '{"event": '.startswith(text):
        require_run_folder(tmp_path / "run", [])  # torn at the first line
        return
    with pytest.raises(NcvcError, match=r"log\.jsonl in it is not of a training"):
        require_run_folder(tmp_path / "run", [])


@pytest.mark.parametrize("name", ["run/my_thesis.txt", "run/mydir/x", ".run.sh", ".text.jsonl.bak", ".tokens.old/x"])
def test_a_demo_leaves_what_no_demo_made(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "demo"
    (folder / "run").mkdir(parents=True)
    (folder / MARKER).touch()
    (folder / "run/log.jsonl").write_text(json.dumps({"event": "started"}) + "\n")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("残す")
    with pytest.raises(DemoError):
        run_demo(folder, 1, Reporter())
    assert (folder / name).read_text() == "残す"
    assert (folder / "run/log.jsonl").exists()


def test_a_checkpoint_with_a_file_of_the_users_is_not_deleted(tmp_path: Path) -> None:
    for name in ("rank_00000.safetensors", "manifest.json", "mine.txt"):
        (tmp_path / name).touch()
    assert foreign_files(tmp_path) == [tmp_path / "mine.txt"]


def test_pages_and_pictures_are_known_unless_they_were_edited(tmp_path: Path) -> None:
    figure = Figure()
    figure.savefig(tmp_path / "raw.png")
    raw = (tmp_path / "raw.png").read_bytes()
    page, picture = sealed("<html>頁</html>\n").encode(), sealed_picture(raw)
    file = tmp_path / "file"
    for content, known in [
        (page, True),
        (page.replace("頁".encode(), "貢".encode()), False),
        (page + b"notes", False),
        (picture, True),
        (raw, False),
        (picture + b"notes", False),
        (picture.replace(b"IDAT", b"tEXt", 1), False),
        (b"", False),
    ]:
        file.write_bytes(content)
        assert is_page_or_picture(file) == known
    import matplotlib.image

    file.write_bytes(picture)
    assert matplotlib.image.imread(file, format="png").shape == matplotlib.image.imread(tmp_path / "raw.png").shape
