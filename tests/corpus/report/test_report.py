"""The report as a person meets it: opened in a browser, with the network off."""

import html.parser
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pydantic
import pytest

from ncvc.corpus.report import ReportData, write_report
from ncvc.corpus.report.labels import STAGES
from ncvc.corpus.statistics import lower_bound

_spec = importlib.util.spec_from_file_location("sample", Path(__file__).with_name("sample.py"))
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on PATH")
    return found


def opened(browser: str, page: Path, profile: Path) -> tuple[str, str]:
    """The document after the browser has read it, and the console."""
    # A proxy that is not there: whatever is asked of the network fails, and the console says so.
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += [f"--user-data-dir={profile}", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--v=0"]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)


class Text(html.parser.HTMLParser):
    """The text of a page, and which elements it has."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(source)
        self.text = "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def written(folder: Path, data: dict[str, Any]) -> Text:
    write_report(folder, ReportData.model_validate(data))
    return Text((folder / "report.html").read_text(encoding="utf-8"))


def test_a_browser_opens_it_and_sees_every_number(browser: str, tmp_path: Path) -> None:
    data = sample.data()
    source = written(tmp_path, data)
    document, console = opened(browser, tmp_path / "report.html", tmp_path / "profile")
    assert console == ""
    seen = Text(document)
    # The browser repaired nothing: what it holds is what was written.
    assert [tag for tag, _ in seen.elements if tag != "tbody"] == [tag for tag, _ in source.elements]
    assert re.sub(r"\s", "", seen.text) == re.sub(r"\s", "", source.text)
    for each in data["sources"]:
        statistics = each["statistics"]
        read = statistics["read"]["documents"] + each["quarantined"]
        drops = [drop["documents"] for drop in statistics["dropped"].values()]
        tokens = statistics["tokens"]
        assert read == each["quarantined"] + sum(drops) + tokens["documents"]
        for number in (read, *drops, tokens["documents"], tokens["tokens"], tokens["morphemes"]):
            assert f"{number:,}" in seen.text or f"{number / 1e9:.2f} B" in seen.text, number
    total = sum(each["statistics"]["tokens"]["tokens"] for each in data["sources"])
    assert f"{700 * 61_000 / total:.1%}" in seen.text
    assert "３７．８" in seen.text
    assert "0.912" in seen.text
    assert "生年月日" in seen.text


def test_hostile_text_is_text(tmp_path: Path) -> None:
    page = written(tmp_path, sample.data())
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "a"})
    assert [tag for tag, _ in page.elements].count("style") == 1
    raw = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert raw.count("</style>") == 1
    assert "\u202e" not in raw
    assert "\u0000" not in raw
    assert (
        "<script>document.title='broken'</script></style><img src=http://127.0.0.1:9/x>⟨U+202E⟩逆⟨U+0000⟩" in page.text
    )
    assert not [v for _, attributes in page.elements for k, v in attributes.items() if k in ("src", "href")]


def test_the_policy_would_stop_what_escaping_missed(browser: str, tmp_path: Path) -> None:
    written(tmp_path, sample.data())
    path = tmp_path / "report.html"
    path.write_text(path.read_text(encoding="utf-8").replace("<h1>", f"{sample.HOSTILE}<h1>"), encoding="utf-8")
    document, console = opened(browser, path, tmp_path / "profile")
    assert "<title>broken" not in document
    assert "Content Security Policy" in console


def test_both_languages_are_complete(tmp_path: Path) -> None:
    spans = [attributes.get("lang") for tag, attributes in written(tmp_path, sample.data()).elements if tag == "span"]
    assert spans.count("en") == spans.count("ja") > 100


def test_the_json_is_the_data(tmp_path: Path) -> None:
    written(tmp_path, sample.data())
    read = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    before = (tmp_path / "report.html").read_bytes()
    written(tmp_path, read)
    assert (tmp_path / "report.html").read_bytes() == before


def test_a_dry_run_without_duplicates_and_tokens(tmp_path: Path) -> None:
    data = sample.data() | {"duplicates": None, "sample": 1_000, "stages": [], "config": {}, "pieces": []}
    for each in data["sources"]:
        del each["statistics"]["tokens"]
    text = written(tmp_path, data).text
    assert "the first 1,000 documents of each source" in text
    assert "Largest clusters" not in text
    assert f"{data['sources'][0]['statistics']['kept']['documents']:,}" in text
    written(tmp_path, {"version": "1", "sources": []})
    empty = {"read": {}, "kept": {}}
    assert "入力文書" in written(tmp_path, {"version": "1", "sources": [{"name": "空", "statistics": empty}]}).text


def test_a_source_without_documents_is_only_in_the_table_of_the_corpus(tmp_path: Path) -> None:
    data = sample.data()
    nothing = {"documents": 0, "bytes": 0, "tokens": 0, "morphemes": 0}
    statistics = {"read": {}, "kept": {}, "tokens": nothing}
    page = written(tmp_path, data | {"sources": [*data["sources"], {"name": "空っぽ", "statistics": statistics}]})
    assert page.text.count("空っぽ") == 2  # with the subtitle
    svgs = [attributes["class"] for tag, attributes in page.elements if tag == "svg"]
    # Characters and tokens of each source that has any.
    assert svgs.count("chart") == 2 * len(data["sources"])
    headings = [tag for tag, _ in page.elements].count("h3")
    assert headings == [tag for tag, _ in written(tmp_path, data).elements].count("h3")


def test_histograms_have_ticks_on_both_axes(tmp_path: Path) -> None:
    written(tmp_path, sample.data())
    raw = (tmp_path / "report.html").read_text(encoding="utf-8")
    drawings = re.findall(r'<svg [^>]*class="chart".*?</svg>', raw)
    assert len(drawings) == 6
    for drawing in drawings:
        for axis in ("x", "y"):
            (group,) = re.findall(rf'<g class="{axis}">.*?</g>', drawing)
            assert group.count("<text") >= 3
    assert raw.count("文字数</span></p>") == 3
    assert raw.count("文書数</span></p>") == 6


def test_a_mistake_in_the_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(pydantic.ValidationError, match="tokenz"):
        ReportData.model_validate(sample.data() | {"tokenz": 1})


def test_bins_begin_where_the_engines_do() -> None:
    assert [lower_bound(i) for i in range(14)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20]


def test_both_languages_say_the_same(tmp_path: Path) -> None:
    data = sample.data()
    first = data["sources"][0]["statistics"]["rules"]
    first["name"] = {"documents": 1, "edits": 16, "examples": []}
    first["name_in_text"] = {"documents": 1, "edits": 70, "examples": []}
    data["pieces"] = [{"piece": "\n", "count": 9}]
    text = written(tmp_path, data).text
    assert "原文は一切" not in text
    assert "氏名（見出しの後）" in text
    assert "氏名（文中）" in text
    assert "⏎" in text
    assert all(f"{stage['name']}{STAGES[stage['name']]}" in text for stage in data["stages"])
