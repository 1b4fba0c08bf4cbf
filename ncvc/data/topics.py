"""Makes the topics of `ncvc synthesize` from lists of diseases and of drugs in their published forms.

Diseases are those of J-MeDic (万病辞書): a name is a topic, and the other names of its standard name are synonyms.
Drugs are those of the price list of the health insurance (薬価基準収載品目リスト): the ingredient, its stem without
salt, and the brand without form and strength are synonyms.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ncvc import __version__
from ncvc.data.drug_names import drug_stem, without_maker, without_salt
from ncvc.data.published_lists import DRUG_PRICES, MANBYO, TermList
from ncvc.data.term_lists import LETTER, read_entries, reject
from ncvc.files import sha256, whole_folder
from ncvc.manifest import TOPICS, write_manifest
from ncvc.outputs import require_output, require_untouched

FILE = "topics.jsonl"
PAPERS = {"disease": 91_000, "drug": 9_000}
"""Topics of the papers (nlp2025, 2.1)."""
MOST_SYNONYMS = 30


@dataclass
class Topics:
    """Topics of one kind, and what became of the rows."""

    names: dict[str, str] = field(default_factory=dict)
    """Name → the name that it belongs to: its standard name, or ingredient."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason → rows that became no topic."""
    rows: int = 0


@dataclass(frozen=True)
class Prepared:
    """Counts of the topics that were written."""

    topics: dict[str, int]
    """Kind → topics."""
    rows: dict[str, int]
    """Kind → rows of its lists; topics and dropped rows sum up to them."""
    dropped: dict[str, dict[str, int]]
    """Kind → reason → rows."""
    papers: dict[str, int]
    """Kind → topics of the papers."""


def prepare_topics(
    output: Path, *, diseases: Sequence[Path] = (), drugs: Sequence[Path] = (), replace: bool = False
) -> Prepared:
    """Writes `topics.jsonl` and a manifest into the folder `output`, and returns the counts.

    Raises `InputError` for a list that is not of its form, and `NcvcError` for an output that may not be replaced.
    """
    lists = [*diseases, *drugs]
    final = require_output(output, TOPICS, reads=lists, replace=replace)
    found = {}
    if diseases:
        found["disease"] = _read(diseases, MANBYO)
    if drugs:
        found["drug"] = _read(drugs, DRUG_PRICES)
    prepared = Prepared(
        {kind: len(each.names) for kind, each in found.items()},
        {kind: each.rows for kind, each in found.items()},
        {kind: dict(sorted(each.dropped.items())) for kind, each in found.items()},
        {kind: PAPERS[kind] for kind in found},
    )
    with whole_folder(final, require_untouched) as folder:
        with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
            for kind, each in found.items():
                file.writelines(_lines(kind, each))
        inputs = {str(path): sha256(path) for path in lists}
        write_manifest(folder, stage=TOPICS, ncvc=__version__, inputs=inputs, **vars(prepared))
    return prepared


def _read(paths: Sequence[Path], kind: TermList) -> Topics:
    found = Topics()
    for path in paths:
        for entry in read_entries(path, kind):
            found.rows += 1
            _add(found, entry.name, entry.belongs_to)
    return found


def _add(found: Topics, name: str, belongs_to: str) -> None:
    """Takes a row as a topic, or counts why it is none."""
    name = without_maker(name)
    if reason := reject(name, found.names):
        found.dropped[reason] += 1
    else:
        # J-MeDic writes -1 for a name without a standard one.
        found.names[name] = belongs_to if LETTER.search(belongs_to) else ""


def _lines(kind: str, topics: Topics) -> Iterator[str]:
    together: dict[str, list[str]] = {}
    for name, belongs_to in topics.names.items():
        if belongs_to and kind == "disease":
            together.setdefault(belongs_to, []).append(name)
    for name, belongs_to in topics.names.items():
        if kind == "disease":
            names = [belongs_to, *together.get(belongs_to, [])[: MOST_SYNONYMS + 1]]
        else:
            names = [belongs_to, without_salt(belongs_to), drug_stem(name)]
        synonyms = list(dict.fromkeys(each for each in names if each != name and len(each) > 1))[:MOST_SYNONYMS]
        yield json.dumps({"kind": kind, "name": name, "synonyms": synonyms}, ensure_ascii=False) + "\n"
