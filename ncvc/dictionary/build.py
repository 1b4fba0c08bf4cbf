"""Builds a dictionary from a base and lists of terms."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import ncvc._native as native
from ncvc.dictionary import DictionaryInfo
from ncvc.dictionary.terms import Column, read_terms


def build_dictionary(
    output: str | PathLike[str],
    *,
    base: str | PathLike[str],
    base_name: str,
    terms: Sequence[str | PathLike[str]] = (),
    columns: Sequence[Column | None] = (),
    licences: Sequence[str | PathLike[str]] = (),
    progress: Callable[[str, int, int], object] | None = None,
    note: Callable[[str], object] | None = None,
) -> DictionaryInfo:
    """Builds a dictionary file from a MeCab dictionary, compiled or as sources, and lists of terms.

    `terms` are CSV, TSV or Excel files; `columns` name the column of the terms in each of them, or in all, by name or
    by number from 1; without one it is the column whose header names terms, or the first. Terms go through
    `ncvc.clean` first, so that they match cleaned text. `progress` is called with the name of a step, the number of
    rows done and their total (0 if unknown); an exception that it raises stops the work. `note` is called with what
    was noticed in a list. Returns the header of the file. Raises `DictionaryError`, `InputError` or `OSError`.
    """
    if len(columns) not in (0, 1, len(terms)):
        raise ValueError("give a column for each list of terms, or one for all")
    chosen = list(columns) * len(terms) if len(columns) == 1 else list(columns) or [None] * len(terms)
    lists = []
    for name, column in zip(terms, chosen, strict=True):
        found = read_terms(Path(name), column)
        lists.append((name, found.terms))
        if note is not None:
            for sentence in found.notes:
                note(sentence)
    return native.build_dictionary(
        output, base=base, base_name=base_name, terms=lists, licences=licences, progress=progress
    )
