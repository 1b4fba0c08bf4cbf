"""Folders are listed, or it is said that they cannot be."""

import errno
import os
import re
from pathlib import Path

import pytest

from ncvc.files import WorkFolder, files_below, listed, whole_file


def test_what_is_in_a_folder_is_listed_in_order(tmp_path: Path) -> None:
    for name in ("2-1", "10-1", "1-2", "1-1", ".partial-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").touch()
    assert [path.name for path in listed(tmp_path, "[0-9]*-*")] == ["1-1", "1-2", "10-1", "2-1"]
    assert files_below(tmp_path) == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert list(gone.glob("*")) == []
    with pytest.raises(FileNotFoundError):
        listed(gone, "*")
    with pytest.raises(FileNotFoundError):
        files_below(gone)


def test_an_error_of_a_whole_file_names_the_file(tmp_path: Path) -> None:
    final = tmp_path / "none" / "a.csv"
    with pytest.raises(FileNotFoundError) as missing, whole_file(final) as partial:
        partial.write_text("a")
    assert missing.value.filename == str(final)
    final = tmp_path / "a.csv"
    with pytest.raises(OSError, match="No space left") as full, whole_file(final):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(full.value.filename) == str(final)
    with pytest.raises(ConnectionRefusedError) as refused, whole_file(final):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert refused.value.filename is None
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_full_disk_names_the_folder_that_is_written(tmp_path: Path) -> None:
    final = tmp_path / "out"
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        with pytest.raises(OSError, match=re.escape(os.strerror(number))) as full, WorkFolder(final):
            raise OSError(number, os.strerror(number))
        assert full.value.filename == str(final)
    with pytest.raises(OSError, match=r"a\.bin: cannot write") as named, WorkFolder(final):
        raise OSError(errno.ENOSPC, f"a.bin: cannot write: {os.strerror(errno.ENOSPC)}")
    assert named.value.filename is None
    with pytest.raises(ConnectionRefusedError) as refused, WorkFolder(final):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert refused.value.filename is None
