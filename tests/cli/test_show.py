"""`ncvc clean --clinical --show`: lines before and after, on a terminal or as a page, nowhere else."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

from ncvc import clean
from ncvc.shown_cleaning import Found, Shown, for_browser, for_terminal, marked, shown

TEXT = "患者氏名：山田太郎、昭和30年3月5日生。\n発熱なし。\n"


def marks(line: Shown) -> list[str]:
    pieces = list(marked(line))
    assert "".join(text for text, _ in pieces) == line.before
    return [text for text, categories in pieces if categories]


def test_what_is_removed_is_marked() -> None:
    line = shown("患者氏名：山田太郎、昭和３０年３月５日生。", 1, replacement="tag")
    assert line.after == "患者氏名:〔*氏名〕、〔*生年月日〕生。"
    assert [found.category for found in line.found] == ["氏名", "生年月日"]
    assert marks(line) == ["山田太郎", "昭和３０年３月５日"]


def test_the_output_is_that_of_the_command() -> None:
    text = "患者氏名：佐々木美咲　生年月日：昭和30年1月2日"
    line = shown(text, 1)
    assert line.after == clean(text, clinical=True) == ""
    assert marks(line) == ["患者氏名：佐々木美咲", "生年月日：昭和30年1月2日"]


def test_of_two_equal_names_the_removed_one_is_marked() -> None:
    text = "K100000,架空美和,頭痛と嘔気,患者：架空美和様（24歳、男性）"
    line = shown(text, 1, replacement="tag")
    assert line.after.startswith("K100000,架空美和,")
    assert [(found.start, found.end) for found in line.found] == [(text.rindex("美和"), text.rindex("美和") + 2)]


def test_full_width_addresses_and_telephone_numbers_are_marked() -> None:
    address, telephone = "東京都千代田区仮番町４－５－６ 見本ハイツ201号", "（０６）５５５０－４２４９"
    line = shown(f"住所：{address}、電話 {telephone}、taro@example.co.jp。", 1)
    assert line.after == "、電話▁、。"
    assert marks(line) == [f"住所：{address}", telephone, "taro@example.co.jp"]
    assert all(found.exact for found in line.found)


def test_a_place_that_cannot_be_told_apart_is_said() -> None:
    line = Shown(1, "㍿山田", "", [Found(0, 3, "氏名", False)])
    assert "cannot be told apart" in for_browser([line], 1)
    assert "cannot be told apart" in list(for_terminal(line))[-1]
    assert "cannot be told apart" not in for_browser([shown("氏名：山田太郎", 1)], 1)


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
    assert "\033[7m患者氏名：山田太郎\033[0m、" in printed
    assert "after   、。" in printed
    assert "name: 患者氏名：山田太郎" in printed
    assert "2  発熱なし。" in printed
    assert "found in 2 lines: name 1, birth date 1" in printed


def test_as_a_page_that_its_owner_alone_reads(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=True)
    assert "山田" not in (done.stdout + done.stderr).decode()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text(encoding="utf-8")
    assert "<mark><bdi>患者氏名：山田太郎</bdi></mark>" in text
    assert "<bdi>、。</bdi>" in text
    assert "〔*氏名〕" not in text
    assert "実際に出力する" in text
    tags = command("--replacement", "tag", "--show", str(page))
    subprocess.run(tags, input=TEXT.encode(), capture_output=True, check=True)
    text = page.read_text(encoding="utf-8")
    assert "<mark><bdi>山田太郎</bdi></mark>" in text
    assert "<mark><bdi>〔*氏名〕</bdi></mark>" in text
    assert "実際に出力する" not in text


def test_a_missing_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    page = tmp_path / "none" / "found.html"
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"is not there" in done.stderr


def test_json_lines_are_said_to_be_taken_as_text(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    lines = '{"id": "000000", "text": "患者氏名：山田太郎"}\n' * 2
    for arguments, is_json in ((["--show", str(page)], True), ([], True), (["--jsonl"], False)):
        done = subprocess.run(command(*arguments), input=lines.encode(), capture_output=True, check=True)
        assert (done.stderr.decode().count("are taken as text") == 1) is is_json
        assert len(done.stderr.splitlines()) == int(is_json)
    assert "文字列として扱っています" in page.read_text(encoding="utf-8")
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    assert "文字列として扱っています" not in page.read_text(encoding="utf-8")


def test_a_file_of_others_is_not_written_over(tmp_path: Path) -> None:
    page = tmp_path / "found.html"
    page.write_text("<p>mine</p>", encoding="utf-8")
    done = subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=False)
    assert done.returncode == 1
    assert page.read_text(encoding="utf-8") == "<p>mine</p>"
    page.unlink()
    for _ in range(2):
        subprocess.run(command("--show", str(page)), input=TEXT.encode(), capture_output=True, check=True)
