"""The report: the papers' rows, these models' rows, what a hostile answer becomes, and pages that run nothing."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ncvc.evaluate.answers import AnswerRecord
from ncvc.evaluate.models import Model
from ncvc.evaluate.paper_tables import TABLES
from ncvc.evaluate.report.write import write_report
from ncvc.evaluate.result import Result, score_answers
from ncvc.outputs import is_page_or_picture
from tests.evaluate.conftest import plan_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOSTILE = "</bdi><script>alert(1)</script><img src=x onerror=alert(1)>\u202e[link](javascript:1)|`x`\x1b[31m"


@pytest.fixture(scope="module")
def hostile(benchmarks: Path) -> Result:
    """Every answer tries to break out, and so does the model's name; two models say how much they saw."""
    plan = plan_of([], benchmarks)
    answered = []
    for tokens in (1e9, 2e9):
        records = {}
        for suite in plan.suites:
            for row in suite.rows:
                records[row.id] = {
                    "id": row.id,
                    "prompt": HOSTILE,
                    "is_chat": False,
                    "answer": HOSTILE,
                    "finish": "length",
                    "tokens": 3,
                }
        answered.append((Model("x", "folder", f"m<b>|{tokens:g}*", {}), {"tokens_seen": tokens}, records))
    read = [
        (model, facts, {name: AnswerRecord(**value) for name, value in records.items()})
        for model, facts, records in answered
    ]
    return score_answers(plan, read)


def test_answers_are_shown_as_text(hostile: Result, tmp_path: Path) -> None:
    write_report(tmp_path, hostile)
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) == 1 + 2 * 10
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert is_page_or_picture(path)
        assert "<script" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert "default-src 'none'" in text
        assert "m<b>" not in text
    some = (tmp_path / "pages" / hostile.models[0].model.slug / "smdis.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in some
    assert "⟨U+202E⟩" in some
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "m\\<b\\>\\|1e+09\\*" in markdown
    assert "<b>" not in markdown.replace("\\<b\\>", "")


def test_scores_over_seen_tokens_are_drawn(hostile: Result, tmp_path: Path) -> None:
    write_report(tmp_path, hostile)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "図6" in text
    assert "IgakuQA 2018" in text


def test_the_tables_are_the_papers_with_more_rows(evaluated: Path) -> None:
    markdown = (evaluated / "report.md").read_text(encoding="utf-8")
    for table in TABLES:
        assert f"## Table {table.number}: {table.english}" in markdown
        for name, cells in table.rows:
            assert f"| {name} | {' | '.join(cells)} |" in markdown
            assert len(cells) == len(table.heads) == len(table.tasks)
    scores = json.loads((evaluated / "scores.json").read_text(encoding="utf-8"))
    [plain, _] = scores["models"]
    smdis = plain["tasks"]["smdis"]["scores"]
    cell = f"{smdis['kappa']['value']:.2f}({smdis['accuracy']['value']:.2f})"
    assert re.search(rf"\| \*\*plain\*\* \|.*\| \*\*{re.escape(cell)}\*\* \|", markdown)
    assert "1 of 4 test documents are in the training split." in markdown
    assert "| test documents in the training split | 1 / 4 |" in markdown


def test_the_published_rows_are_those_of_the_report(shared: Path) -> None:
    """Beside the technical report's text, where it is here."""
    report = shared.parent / "paper/technical-report.txt"
    if not report.exists():
        pytest.skip("the technical report is not here")
    lines = {line.strip() for line in report.read_text(encoding="utf-8").splitlines()}
    for table in TABLES:
        for name, cells in table.rows:
            assert f"{name} {' '.join(cells)}" in lines


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="needs a browser")
def test_a_browser_filters_without_a_script(evaluated: Path, tmp_path: Path) -> None:
    """With the button `wrong` pressed, only wrong answers take room."""
    text = (evaluated / "pages/plain/igakuqa_2018.html").read_text(encoding="utf-8")
    pressed = text.replace(' checked><span lang="en">all', '><span lang="en">all').replace(
        'id="show-wrong">', 'id="show-wrong" checked>'
    )
    assert pressed.count("checked") == text.count("checked")
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    heights = []
    for number, content in enumerate((text, pressed)):
        page = tmp_path / f"{number}.html"
        # The page itself allows no script: this one is the test's, and its policy goes.
        content = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", content)
        count = "[...document.querySelectorAll('.answer')].filter(e => e.offsetHeight).length"
        page.write_text(content + f"<script>document.title = 'shown ' + {count}</script>", encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        heights.append(int(re.search(r"<title>shown (\d+)", done.stdout)[1]))
    wrong = text.count('class="answer wrong"')
    assert heights == [6, wrong]
    assert wrong < 6
