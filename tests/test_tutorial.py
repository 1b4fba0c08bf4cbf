"""Tutorials, recipes and the data officer's pages: they show what the commands write, and say the same in both languages."""

import re
from pathlib import Path

import ipadic
import pytest

import ncvc
from ncvc._native import allowed_characters
from ncvc.units import number
from tests.conftest import ROOT, run_ncvc

TUTORIALS = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("tutorial.md", "tutorial.ja.md")]
PAIRS = ["tutorial", "recipes", "data-officer"]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("page", PAIRS)
def test_both_languages_have_the_same_parts(page: str) -> None:
    def parts(path: Path) -> tuple[list[str], list[str], int, int]:
        text = path.read_text(encoding="utf-8")
        code = [
            re.sub(r"\s*#.*", "", line) for name in ("sh", "yaml") for line in "".join(blocks(text, name)).splitlines()
        ]
        exact = [*blocks(text, "text"), *blocks(text, "json")]
        return code, exact, len(re.findall(r"^#+ ", text, re.MULTILINE)), len(re.findall(r"^\| ", text, re.MULTILINE))

    assert parts(ROOT / f"docs/{page}.ja.md") == parts(ROOT / f"docs/{page}.md")


def test_the_clean_line_is_what_cleaning_writes() -> None:
    for page in TUTORIALS:
        shown = re.search(r"echo '(.*)' \| ncvc clean --clinical\n```\n\n```text\n(.*?)\n```", page)
        assert shown
        assert ncvc.clean(shown[1], clinical=True) == shown[2]


def test_the_split_lines_are_what_the_dictionaries_give(dictionary: Path, tmp_path: Path) -> None:
    terms = re.search(r"printf '(.*)' > terms\.txt", TUTORIALS[0])
    shown = re.search(r"ncvc split --dictionary hospital\.dic <<< '(.*)'\n```\n\n```text\n(.*?)\n```", TUTORIALS[0])
    assert terms
    assert shown
    words = terms[1].split("\\n")[:-1]
    (tmp_path / "terms.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    hospital = tmp_path / "hospital.dic"
    ncvc.build_dictionary(hospital, base=ipadic.DICDIR, base_name="ipadic", terms=[tmp_path / "terms.txt"])
    assert " ".join(ncvc.Analyzer.load(hospital).split(shown[1])) == shown[2]
    plain = " ".join(ncvc.Analyzer.load(dictionary).split(words[1]))
    assert all(f" {plain}" in page for page in TUTORIALS)


def test_the_summary_is_what_the_pass_writes(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_bytes(corpus.read_bytes())
    config = tmp_path / "preprocess.yaml"
    config.write_text(blocks(TUTORIALS[0], "yaml")[0], encoding="utf-8")
    written = run_ncvc("preprocess", config, "--to", "text", "--set", f"output={tmp_path / 'text'}").stdout
    for page in TUTORIALS:
        lines = [line for line in blocks(page, "text")[2].splitlines() if "…" not in line and "written to" not in line]
        assert len(lines) == 4
        assert all(line in written for line in lines), written


def test_the_smallest_vocabulary_is_right() -> None:
    assert all(number(len(allowed_characters()) + 5) in page for page in TUTORIALS)
