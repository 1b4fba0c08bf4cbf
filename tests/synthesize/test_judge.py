"""The blind page: what it shows, what it hides, and how its answers are counted."""

import json
from math import comb
from pathlib import Path
from typing import Any

import pytest

from ncvc.errors import NcvcError
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.judge.page import write_page
from ncvc.synthesize.judge.pairs import Choice, choose_pairs, digest_of
from ncvc.synthesize.judge.result import Comparison, read_judgements
from ncvc.synthesize.run import synthesize
from tests.browser import Page, find_browser
from tests.synthesize.made_up import answer, write_config, writer
from tests.synthesize.server import Server

CHOICE = Choice("textbooks", "writers", 20, 0)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    with Server(answer) as server:
        writers = [writer(server.address, name) for name in ("pine", "bamboo")]
        path = write_config(folder, server.address, topics=12, writers=writers)
        synthesize(SynthesizeConfig.load(path), folder)
    return folder / "out"


def test_pairs_are_of_one_topic_and_two_writers_on_both_sides(output: Path) -> None:
    pairs = choose_pairs(output, CHOICE)
    assert len(pairs) == 12
    for pair in pairs:
        assert pair.left["topic"] == pair.right["topic"] == pair.topic
        assert {pair.left["writer"], pair.right["writer"]} == {"pine", "bamboo"}
    assert {pair.left["writer"] for pair in pairs} == {"pine", "bamboo"}
    assert choose_pairs(output, CHOICE) == pairs
    prompts = choose_pairs(output, Choice("textbooks", "prompts", 5, 1))
    assert all(pair.left["prompt"] != pair.right["prompt"] for pair in prompts)


def test_the_page_does_not_tell_who_wrote(output: Path, tmp_path: Path) -> None:
    pairs = choose_pairs(output, CHOICE)
    write_page(pairs, CHOICE, tmp_path / "judge.html", output)
    text = (tmp_path / "judge.html").read_text(encoding="utf-8")
    assert not any(word in text for word in ("pine", "bamboo", "textbook-1", pairs[0].left["id"]))
    assert "://" not in text
    (tmp_path / "own.html").write_text("mine")
    with pytest.raises(NcvcError, match="nothing was changed"):
        write_page(pairs, CHOICE, tmp_path / "own.html", output)


def saved(path: Path, output: Path, given: dict[str, str], **keys: Any) -> Path:
    page = digest_of(choose_pairs(output, CHOICE))
    value = {"format": "ncvc-judgements/1", "page": page, "choice": CHOICE.dump(), "answers": given}
    path.write_text(json.dumps(value | keys), encoding="utf-8")
    return path


def test_answers_are_counted_by_writer(output: Path, tmp_path: Path) -> None:
    pairs = choose_pairs(output, CHOICE)
    sides = ["pine" if i < 7 else "bamboo" if i < 9 else "tie" for i in range(11)]
    answers = {
        pair.id: side if side == "tie" else "left" if pair.left["writer"] == side else "right"
        for pair, side in zip(pairs, sides, strict=False)
    }
    _, (found,) = read_judgements(output, saved(tmp_path / "a.json", output, answers))
    assert (found.one, found.other, found.wins, found.losses, found.ties) == ("bamboo", "pine", 2, 7, 2)
    assert found.p_value == pytest.approx(2 * (1 + 9 + comb(9, 2)) / 2**9)
    assert Comparison("a", "b").p_value == 1


@pytest.mark.parametrize("keys", [{"page": "0" * 32}, {"answers": {"x": "best"}}, {"format": "other"}, {"choice": 1}])
def test_other_answers_are_refused(keys: dict[str, Any], output: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.json", output, {}, **keys)
    with pytest.raises(NcvcError, match=r"a\.json: "):
        read_judgements(output, path)


@pytest.mark.skipif(find_browser() is None, reason="no Chromium")
def test_the_page_works_in_a_browser(output: Path, tmp_path: Path) -> None:
    pairs = choose_pairs(output, CHOICE)
    write_page(pairs, CHOICE, tmp_path / "judge.html", output)
    with Page(str(find_browser()), tmp_path / "profile") as page:
        page.open(f"file://{tmp_path}/judge.html")
        assert page.run("document.querySelectorAll('section:not([hidden])').length") == 1
        page.press("3", text="3")
        page.press("ArrowRight")
        page.press("1", text="1")
        page.run("window.saved = null; URL.createObjectURL = (blob) => { window.saved = blob.text(); return '' }")
        page.run("HTMLAnchorElement.prototype.click = () => {}")
        page.run("document.getElementById('save').click()")
        (tmp_path / "judgements.json").write_text(page.run("window.saved"), encoding="utf-8")
        page.open("about:blank#")
        page.open(f"file://{tmp_path}/judge.html")
        assert page.run("shown.textContent") == "3 / 12 · ✓ 2"  # kept, and at the first without an answer
        assert page.faults() == []
    _, (found,) = read_judgements(output, tmp_path / "judgements.json")
    right, left = pairs[0].right["writer"], pairs[1].left["writer"]
    assert found.wins == [right, left].count("bamboo")
    assert found.wins + found.losses == 2
