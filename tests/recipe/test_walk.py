"""Every recipe, shrunk, from raw text to the tables."""

from pathlib import Path

from tests.recipe.conftest import write_benchmarks, write_lines
from tests.recipe.shrink import small_copy
from tests.recipe.walk import walk


def test_cpu_tiny(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("cpu-tiny", tmp_path / "recipe", {3000: 2})
    write_lines(folder / "text/text.jsonl", [{"text": text} for text in texts])
    write_benchmarks(folder)
    page = walk(folder)
    assert 'href="scores/report.html"' in page
    assert 'href="loss.html"' in page
    tables = (folder / "scores/report.md").read_text(encoding="utf-8")
    assert "| base " in tables
    assert "| tuned " in tables
