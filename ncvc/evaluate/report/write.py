"""Writes the report's files."""

from pathlib import Path

from ncvc.evaluate.report.answers_page import answers_page
from ncvc.evaluate.report.markdown import markdown
from ncvc.evaluate.report.page import report_page
from ncvc.evaluate.result import Result
from ncvc.outputs import sealed


def write_report(folder: Path, result: Result) -> None:
    """Writes `report.html`, `report.md` and `pages/MODEL/TASK.html` into a folder."""
    (folder / "report.html").write_text(sealed(report_page(result)), encoding="utf-8")
    (folder / "report.md").write_text(markdown(result), encoding="utf-8")
    for each in result.models:
        pages = folder / "pages" / each.model.slug
        pages.mkdir(parents=True, exist_ok=True)
        for task in each.rows:
            (pages / f"{task}.html").write_text(sealed(answers_page(each, task)), encoding="utf-8")
