"""docs/cleaning.md holds the rules' tables as the engine has them."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_are_up_to_date() -> None:
    tables = runpy.run_path(str(ROOT / "tools/cleaning_table.py"))["tables"]
    assert tables() in (ROOT / "docs/cleaning.md").read_text(encoding="utf-8")
