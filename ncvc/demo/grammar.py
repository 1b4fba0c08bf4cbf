"""Generates text from a context-free grammar: symbols, their alternatives, and fields in braces.

The rules are YAML files in `ncvc/demo/grammar/`. `words-*.yaml` hold words separated by white space,
`templates-*.yaml` one alternative a line (or a list of whole documents), `tables-*.yaml` rows whose columns
belong together. In an alternative

    {symptom}           is one alternative of `symptom`, itself written out
    {symptom*2~4、}      two to four different ones, with 、 between them
    {town:here}         the same choice wherever this document says {town:here} again
    {case.drug}         a column of the row of `case` that this document drew
    {36.0~39.4}         a number from 36.0 to 39.4 with as many decimals; {4,000~9,800} groups its thousands
"""

import random
import re
from importlib import resources
from typing import Any, Self

import yaml

Row = dict[str, list[str]]

_FIELD = re.compile(r"\{([^{}]+)\}")
_NUMBER = re.compile(r"([\d,.]+)~([\d,.]+)")
_REPEAT = re.compile(r"(\w+(?:\.\w+)?)\*(\d+)~(\d+)(.*)")


class Grammar:
    """Symbols with their alternatives."""

    def __init__(
        self, words: dict[str, list[str]], templates: dict[str, list[str]], tables: dict[str, list[Row]]
    ) -> None:
        self.words = words
        self.templates = templates
        self.tables = tables

    @classmethod
    def load(cls) -> Self:
        """Reads the rules that ship with the package."""
        words: dict[str, list[str]] = {}
        templates: dict[str, list[str]] = {}
        tables: dict[str, list[Row]] = {}
        folder = resources.files("ncvc.demo") / "grammar"
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            rules: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
            for symbol, value in rules.items():
                assert not any(symbol in known for known in (words, templates, tables)), symbol
                if file.name.startswith("words"):
                    words[symbol] = value.split()
                elif file.name.startswith("templates"):
                    templates[symbol] = (
                        value.splitlines() if isinstance(value, str) else [text.rstrip("\n") for text in value]
                    )
                else:
                    tables[symbol] = [
                        {column: [cell] if isinstance(cell, str) else cell for column, cell in row.items()}
                        for row in value
                    ]
        return cls(words, templates, tables)


class Writer:
    """Writes documents from a grammar; the same seed writes the same text on any machine.

    Only `Random.random()` is drawn from: its sequence is the one that Python promises to keep.
    """

    def __init__(self, grammar: Grammar, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - text, not a secret
        self._grammar = grammar
        self._rows: dict[str, Row] = {}
        self._remembered: dict[str, str] = {}

    def document(self, symbol: str) -> str:
        """Writes a document of the kind `symbol`; forgets the choices of earlier ones."""
        self._rows.clear()
        self._remembered.clear()
        return self._write(symbol)

    def phrase(self, symbol: str) -> str:
        """Writes one more phrase of the current document."""
        return self._write(symbol)

    def below(self, bound: int) -> int:
        """Draws a whole number from 0 to `bound - 1`."""
        return int(self.random.random() * bound)

    def _write(self, symbol: str) -> str:
        options = self._options(symbol)
        return self._fill(options[self.below(len(options))])

    def _fill(self, template: str) -> str:
        return _FIELD.sub(lambda field: self._field(field[1]), template)

    def _field(self, field: str) -> str:
        if number := _NUMBER.fullmatch(field):
            return self._number(*number.groups())
        if repeat := _REPEAT.fullmatch(field):
            symbol, least, most, separator = repeat.groups()
            return separator.join(self._several(symbol, int(least), int(most)))
        symbol, colon, _ = field.partition(":")
        if not colon:
            return self._write(symbol)
        if field not in self._remembered:
            self._remembered[field] = self._write(symbol)
        return self._remembered[field]

    def _options(self, symbol: str) -> list[str]:
        table, dot, column = symbol.partition(".")
        if dot:
            if table not in self._rows:
                rows = self._grammar.tables[table]
                self._rows[table] = rows[self.below(len(rows))]
            return self._rows[table][column]
        return self._grammar.words.get(symbol) or self._grammar.templates[symbol]

    def _several(self, symbol: str, least: int, most: int) -> list[str]:
        """Draws `least` to `most` different alternatives of `symbol`, or all if there are fewer."""
        options = list(self._options(symbol))
        count = min(least + self.below(most - least + 1), len(options))
        return [self._fill(options.pop(self.below(len(options)))) for _ in range(count)]

    def _number(self, low: str, high: str) -> str:
        """Draws a number from `low` to `high`, both included, with the decimals of `low`."""
        decimals = len(low.partition(".")[2])
        first, last = (round(float(bound.replace(",", "")) * 10**decimals) for bound in (low, high))
        value = first + self.below(last - first + 1)
        if decimals:
            return f"{value // 10**decimals}.{value % 10**decimals:0{decimals}}"
        return f"{value:,}" if "," in low else str(value)
