"""The grammar's language, on small grammars, and the shipped rules as a whole."""

import re
from collections import Counter

import pytest

from ncvc.demo.grammar import Grammar, Writer
from ncvc.demo.text import KINDS


@pytest.fixture(scope="module")
def shipped() -> Grammar:
    return Grammar.load()


def writer(seed: int = 0, **templates: list[str]) -> Writer:
    tables = {"case": [{"name": ["夜"], "drug": ["甲", "乙"]}, {"name": ["昼"], "drug": ["丙"]}]}
    return Writer(Grammar({"word": ["あ", "い", "う"]}, templates, tables), seed)


def test_a_symbol_becomes_one_of_its_alternatives() -> None:
    seen = {writer(seed, start=["<{word}>"]).document("start") for seed in range(50)}
    assert seen == {"<あ>", "<い>", "<う>"}


def test_a_repetition_has_different_alternatives_and_separators() -> None:
    for seed in range(50):
        parts = writer(seed, start=["{word*2~3、}"]).document("start").split("、")
        assert len(parts) in {2, 3}
        assert len(set(parts)) == len(parts)


def test_a_repetition_stops_where_the_alternatives_end() -> None:
    assert sorted(writer(start=["{word*9~9}"]).document("start")) == ["あ", "い", "う"]


def test_a_labelled_choice_is_remembered_within_a_document_only() -> None:
    one = writer(start=["{word:a}{word:a}{word:b}"])
    written = [one.document("start") for _ in range(60)]
    assert all(text[0] == text[1] for text in written)
    assert len({text[0] for text in written}) == 3
    assert any(text[0] != text[2] for text in written)


def test_columns_come_from_one_row() -> None:
    one = writer(start=["{case.name}{case.drug}"])
    assert {one.document("start") for _ in range(60)} == {"夜甲", "夜乙", "昼丙"}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("{1~3}", {"1", "2", "3"}),
        ("{0.9~1.1}", {"0.9", "1.0", "1.1"}),
        ("{0.08~0.10}", {"0.08", "0.09", "0.10"}),
        ("{9,999~10,001}", {"9,999", "10,000", "10,001"}),
        ("{9999~10000}", {"9999", "10000"}),
    ],
)
def test_numbers_keep_their_form_and_bounds(field: str, expected: set[str]) -> None:
    one = writer(start=[field])
    assert {one.document("start") for _ in range(200)} == expected


def test_every_field_names_something_and_every_symbol_is_used(shipped: Grammar) -> None:
    used = set()
    for template in (text for alternatives in shipped.templates.values() for text in alternatives):
        assert template.count("{") == template.count("}")
        for field in re.findall(r"\{([^}]*)\}", template):
            if field[0].isdigit():
                continue
            symbol, _, column = re.match(r"[\w.]+", field)[0].partition(".")
            used.add(symbol)
            if column:
                assert all(column in row for row in shipped.tables[symbol]), field
            else:
                assert symbol in shipped.words or symbol in shipped.templates, field
    kinds = {symbol for symbol in shipped.templates if symbol not in used}
    assert set(shipped.words) | set(shipped.tables) <= used
    assert kinds == set(KINDS)


def test_the_shipped_rules_are_varied(shipped: Grammar) -> None:
    words = Counter(word for listed in shipped.words.values() for word in set(listed))
    assert len(words) >= 1500
    assert all(len(set(listed)) == len(listed) for listed in shipped.words.values())
    templates = {text for alternatives in shipped.templates.values() for text in alternatives if "{" in text}
    assert len(templates) >= 150
