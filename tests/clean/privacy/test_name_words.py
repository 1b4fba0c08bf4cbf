"""The words of the names rule are those of the installed dictionary."""

import sys
import zlib
from pathlib import Path

import ipadic

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))  # for name_words, which packed them

import name_words


def test_packed_words_are_those_of_ipadic() -> None:
    packed = zlib.decompress(name_words.TARGET.read_bytes())
    assert packed == name_words.words(Path(ipadic.DICDIR))


def test_readings_are_those_that_mecab_prints() -> None:
    rows = {
        (row.surface, row.features.split(",")[3]): row.cost
        for row in name_words.readings(Path(ipadic.DICDIR))
        if ",人名," in row.features and row.surface in {"長谷川", "花子", "太郎"}
    }
    # The costs of Noun.name.csv in mecab-ipadic-2.7.0-20070801.
    assert rows == {("長谷川", "姓"): 6532, ("花子", "名"): 8365, ("太郎", "名"): 8810}
