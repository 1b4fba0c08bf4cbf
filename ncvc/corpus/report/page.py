"""`report.html`: one file without a script and without a request, from `ReportData`."""

import json
from pathlib import Path
from typing import Any

import yaml

from ncvc.corpus.report import reading, sections
from ncvc.corpus.report.data import ReportData
from ncvc.files import write_json
from ncvc.html.blocks import section
from ncvc.html.labels import both, escaped
from ncvc.html.page import document
from ncvc.units import number


def write_report(folder: Path, data: dict[str, Any]) -> None:
    """Writes `report.json` and `report.html` into `folder`; `data` is in the form of `ReportData`.

    Raises `pydantic.ValidationError` if it is not.
    """
    report = ReportData.model_validate(data)
    write_json(folder / "report.json", report.model_dump(mode="json"))
    (folder / "report.html").write_text(page(report), encoding="utf-8")


def page(data: ReportData) -> str:
    """The whole page; the same data gives the same bytes."""
    body = [
        sections.funnel(data),
        sections.proportions(data),
        reading.drops(data),
        reading.rules(data),
        sections.texts(data),
        reading.duplicates(data),
        sections.vocabulary(data),
        reading.time(data),
        _config(data),
    ]
    head = f"""<h1>{both("Corpus report", "コーパスレポート")}</h1>
<p class="soft">{_subtitle(data)}</p>
{sections.facts(data)}"""
    return document("ncvc · コーパスレポート / Corpus report", head, "".join(body), data.version)


def _subtitle(data: ReportData) -> str:
    names = "、".join(escaped(source.name) for source in data.sources)
    if data.sample is None:
        return names
    count = number(data.sample)
    dry = both(f"dry run: the first {count} documents of each source", f"試行：各ソースの先頭 {count} 文書のみ")
    return f"{names} · <b>{dry}</b>"


def _config(data: ReportData) -> str:
    if not data.config:
        return ""
    # Through JSON, because YAML would write tuples and paths as Python's own.
    plain = json.loads(json.dumps(data.config, default=str))
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    return section(both("Config", "設定"), f"<pre>{escaped(text)}</pre>")
