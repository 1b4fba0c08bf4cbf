"""docs/cleaning.md holds the rules' tables as the engine has them."""

import runpy

from tests.conftest import ROOT


def test_the_tables_are_up_to_date() -> None:
    tool = runpy.run_path(str(ROOT / "tools/cleaning_table.py"))
    document = (ROOT / "docs/cleaning.md").read_text(encoding="utf-8")
    assert tool["tables"]() in document
    assert tool["clinical_tables"]() in document
