"""`report.html`: one file without a script and without a request, from `ReportData`."""

import json
from pathlib import Path

import yaml

from ncvc.corpus.report import reading, sections
from ncvc.corpus.report.data import ReportData
from ncvc.files import write_json
from ncvc.html.blocks import section
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page as html_page
from ncvc.units import number


def write_report(folder: Path, data: ReportData) -> None:
    """Writes `report.json` and `report.html` into `folder`."""
    write_json(folder / "report.json", data.model_dump(mode="json"))
    (folder / "report.html").write_text(page(data), encoding="utf-8")


def page(data: ReportData) -> str:
    """Draws the page; the same data gives the same bytes."""
    return html_page(
        ("Corpus report", "コーパスレポート"),
        sections.funnel(data),
        sections.skipped(data),
        sections.passed_over(data),
        sections.proportions(data),
        reading.drops(data),
        reading.rules(data),
        sections.texts(data),
        sections.scripts(data),
        reading.duplicates(data),
        sections.vocabulary(data),
        reading.time(data),
        _config(data),
        subtitle=_subtitle(data),
        facts=sections.facts(data),
        version=data.version,
    )


def _subtitle(data: ReportData) -> Html:
    names = joined((source.name for source in data.sources), Html("、"))
    if data.sample is None:
        return names
    count = number(data.sample)
    dry = both(f"dry run: the first {count} documents of each source", f"試行：各ソースの先頭 {count} 文書のみ")
    return joined([names, Html(" · "), element("b", dry)])


def _config(data: ReportData) -> Html:
    if not data.config:
        return Html("")
    # Through JSON, because YAML would write tuples and paths as Python's own.
    plain = json.loads(json.dumps(data.config, default=str))
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    return section(both("Config", "設定"), element("pre", text))
