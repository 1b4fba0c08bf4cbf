"""`report.html`: one file without a script and without a request, from `ReportData`."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from ncvc.corpus.report import reading, sections
from ncvc.corpus.report.data import ReportData
from ncvc.corpus.report.words import both, escaped, number
from ncvc.files import write_json

# Nothing may be loaded and nothing may run, whatever the text of the corpus holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


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


def document(title: str, head: str, body: str, version: str, style: str = "") -> str:
    """A page of ours around what it says, in both languages; `style` comes after the style that all share."""
    shared = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="ncvc {version}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{shared}{style}</style>
</head>
<body>
<header>
<div class="switch"><label><input type="radio" name="language" id="ja" checked>日本語</label>\
<label><input type="radio" name="language" id="en">English</label></div>
{head}
</header>
<main>
{body}
</main>
<footer>ncvc {escaped(version)}</footer>
</body>
</html>
"""


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
    return sections.section(both("Config", "設定"), f"<pre>{escaped(text)}</pre>")
