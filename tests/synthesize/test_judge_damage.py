"""Pages and answers of a blind comparison in odd states; written by another author than the code."""

import json
from pathlib import Path
from typing import Any

import pytest

from ncvc.errors import InputError
from ncvc.synthesize.judge.page import write_page
from ncvc.synthesize.judge.pairs import Choice, Pair, digest_of
from ncvc.synthesize.judge.result import Comparison, read_judgements
from tests.browser import Page, find_browser

CHOICE = Choice("textbooks", "writers", 20, 0)
HARM = '<script>window.harm = 1</script><img src=x onerror="window.harm = 1"></section>&lt;b&gt; ]]> -->'


def documents(writer: str) -> dict[str, Any]:
    return {"id": f"of-{writer}", "text": f"肺炎の説明。{HARM}", "writer": writer, "prompt": "secret-prompt"}


PAIRS = [Pair(f"{number:016x}", f"肺炎{number}", documents("pine"), documents("bamboo")) for number in range(3)]


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    write_page(PAIRS, CHOICE, tmp_path / "judge.html", tmp_path / "out")
    return tmp_path / "judge.html"


def test_texts_are_escaped_and_writers_not_named(page_file: Path) -> None:
    source = page_file.read_text(encoding="utf-8")
    assert "window.harm" in source
    assert "<script>window.harm" not in source
    assert "<img" not in source
    assert not any(word in source for word in ("pine", "bamboo", "secret-prompt"))


@pytest.mark.skipif(find_browser() is None, reason="no Chromium")
def test_a_browser_runs_no_text_and_takes_what_it_kept(page_file: Path, tmp_path: Path) -> None:
    address, shown = f"file://{page_file}", "document.getElementById('shown').textContent"
    key = json.dumps(f"ncvc-judge-{digest_of(PAIRS)}")
    with Page(str(find_browser()), tmp_path / "profile") as page:
        page.open(address)
        assert page.run("window.harm ?? 0") == 0
        assert page.run("document.querySelectorAll('section[data-pair]').length") == 3
        page.press("2", modifiers=2)  # Ctrl+2 changes the browser's tab
        page.press("ArrowRight", modifiers=1)  # Alt and an arrow go through its history
        assert page.run(shown) == "1 / 3 · ✓ 0"
        page.press("2")
        assert page.run(shown) == "1 / 3 · ✓ 1"
        for kept in ("null", "[]", "5", '{"a":', '{"zz": "left"}', json.dumps({PAIRS[0].id: "both"})):
            page.run(f"localStorage.setItem({key}, {json.dumps(kept)})")
            page.open("about:blank#")
            page.open(address)
            assert page.run(shown) == "1 / 3 · ✓ 0"
        assert page.faults() == []


@pytest.mark.parametrize(
    "choice",
    [
        {"between": "models"},
        {"between": []},
        {"pairs": None},
        {"pairs": float("inf")},
        {"pairs": "20"},
        {"seed": 0.5},
        {"more": 1},
    ],
)
def test_a_choice_that_no_page_has_is_refused(choice: dict[str, Any], tmp_path: Path) -> None:
    value = {"format": "ncvc-judgements/1", "page": "", "choice": CHOICE.dump() | choice, "answers": {}}
    (tmp_path / "j.json").write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(InputError, match="no answers that a page of"):
        read_judgements(tmp_path, tmp_path / "j.json")


def test_the_sign_test_is_exact_for_any_number_of_pairs() -> None:
    # Symmetric: half of the probability, and half of the middle, lie on each side.
    assert Comparison("a", "b", 1000, 1000).p_value == 1.0
    assert Comparison("a", "b", 3000, 0).p_value == 0.0
    assert Comparison("a", "b", 9, 1).p_value == pytest.approx(2 * 11 / 1024)
