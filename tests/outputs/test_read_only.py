"""An output that is there is noticed before it is asked whether anything can be written."""

from pathlib import Path

import pytest

from ncvc.errors import NcvcError
from ncvc.manifest import TOKENIZER, write_manifest
from ncvc.outputs import require_output
from tests.read_only import read_only


def test_a_whole_output_is_noticed_where_nothing_can_be_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write_manifest(out, stage=TOKENIZER)
    said = {
        ("out", False): "exists already; remove it, choose another output, or replace it with --force",
        ("out", True): "nothing can be written in",
        ("new", False): "nothing can be written in",
    }
    with read_only(tmp_path):
        for (name, replace), sentence in said.items():
            with pytest.raises(NcvcError, match=sentence):
                require_output(tmp_path / name, TOKENIZER, reads=[], replace=replace)
