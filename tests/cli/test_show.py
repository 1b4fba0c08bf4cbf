"""`ncvc clean --clinical --show`: lines before and after, on a terminal or as a page, nowhere else."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

from ncvc.shown_cleaning import marked, shown

TEXT = "患者氏名：山田太郎、昭和30年3月5日生。\n発熱なし。\n"


def test_what_is_found_is_marked() -> None:
    line = shown("患者氏名：山田太郎、昭和３０年３月５日生。", 1)
    assert line.after == "患者氏名:〔*氏名〕、〔*生年月日〕生。"
    assert line.found == [("氏名", "山田太郎"), ("生年月日", "昭和30年3月5日")]
    # A date in full width is found in the normalised line; what cannot be placed is not marked.
    assert [text for text, private in marked(line) if private] == ["山田太郎"]
    assert "".join(text for text, _ in marked(line)) == line.before


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ncvc", "clean", "--clinical", *arguments]


def test_on_a_terminal_only(tmp_path: Path) -> None:
    done = subprocess.run(command("--show"), input=TEXT.encode(), capture_output=True, check=False)
    assert done.returncode == 2
    assert b"terminal only" in done.stderr
    assert done.stdout == b""
    parent, child = pty.openpty()
    subprocess.run(command("--show"), input=TEXT.encode(), stdout=child, check=True)
    os.close(child)
    printed = os.read(parent, 65536).decode()
    os.close(parent)
    assert "\033[7m山田太郎\033[0m" in printed
    assert "\033[7m〔*氏名〕\033[0m" in printed
    assert "2  発熱なし。" in printed
    assert "found in 2 lines: 1 氏名, 1 生年月日" in printed


def test_as_a_page_that_its_owner_alone_reads(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=True)
    assert "山田" not in (done.stdout + done.stderr).decode()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text(encoding="utf-8")
    assert "<mark><bdi>山田太郎</bdi></mark>" in text
    assert "<mark><bdi>〔*氏名〕</bdi></mark>" in text


def test_a_file_of_others_is_not_written_over(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    page.write_text("<p>mine</p>", encoding="utf-8")
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=False)
    assert done.returncode == 1
    assert page.read_text(encoding="utf-8") == "<p>mine</p>"
    page.unlink()
    for _ in range(2):
        subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=True)
