"""Makes the topics of `ncvc synthesize` from lists of diseases and of drugs in their published forms.

Diseases are those of J-MeDic (万病辞書): columns 出現形, ICDコード and 標準病名, or the same three without a header.
A name is a topic, and the other names of its standard name are synonyms. Drugs are those of the price list of the
health insurance (薬価基準収載品目リスト): columns 品名 and 成分名. The ingredient, its stem without salt, and the
brand without form and strength are synonyms.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ncvc import __version__
from ncvc.documents.lists import read_tables
from ncvc.errors import InputError
from ncvc.files import sha256, whole_folder
from ncvc.manifest import TOPICS, write_manifest
from ncvc.outputs import require_output, require_untouched

FILE = "topics.jsonl"
PAPERS = {"disease": 91_000, "drug": 9_000}
"""Topics of the papers (nlp2025, 2.1)."""
MOST_SYNONYMS = 30
LONGEST = 60
"""Characters of a name; longer entries are descriptions."""
DISEASE = (("出現形", "surface", "病名", "病名表記"), ("標準病名", "standard_name", "病名表記"))
DRUG = (("品名", "name"), ("成分名", "一般名", "generic"))
"""Names of the columns of names, and of those that names belong to."""
_LETTER = re.compile(r"[ぁ-ゖァ-ヺ一-鿿々A-Za-zα-ωΑ-Ω]")
_DIGIT = re.compile(r"\d")
_MAKER = re.compile(r"[「(\[][^」)\]]*[」)\]]")


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
        found["disease"] = _read(diseases, DISEASE, "J-MeDic: 出現形 and 標準病名")
    if drugs:
        found["drug"] = _read(drugs, DRUG, "the price list: 品名 and 成分名")
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
        inputs = {path.name: sha256(path) for path in lists}
        write_manifest(folder, stage=TOPICS, ncvc=__version__, inputs=inputs, **vars(prepared))
    return prepared


def _read(paths: Sequence[Path], columns: Sequence[Sequence[str]], form: str) -> Topics:
    found = Topics()
    for path in paths:
        before = found.rows
        for table in read_tables(path):
            for cells in _two_columns(table, columns):
                found.rows += 1
                _add(found, *cells)
        if found.rows == before:
            raise InputError(f"{path}: no rows in the form of {form}; give the list as it was published")
    return found


def _two_columns(table: Iterator[tuple[int, list[str]]], columns: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yields name and the name that it belongs to; of a table without a header, of the first and the third of three."""
    chosen: list[int] = []
    for _, cells in table:
        row = [unicodedata.normalize("NFKC", cell).strip() for cell in cells]
        if not any(row):
            continue
        if not chosen:
            chosen = [next((i for i, cell in enumerate(row) if cell in names), -1) for names in columns]
            if chosen[0] >= 0:
                continue
            if len(row) != 3 or not re.fullmatch(r"[A-Z]\d.*|-1|", row[1]):
                return
            chosen = [0, 2]
        first, second = (row[i] if 0 <= i < len(row) else "" for i in chosen)
        yield first, second


def _add(found: Topics, name: str, belongs_to: str) -> None:
    """Takes a row as a topic, or counts why it is none."""
    name = " ".join(_MAKER.sub("", name).split()) or name
    reason = (
        "no_letters"
        if not _LETTER.search(name)
        else "too_short"
        if len(name) < 2
        else "too_long"
        if len(name) > LONGEST
        else "repeated"
        if name in found.names
        else None
    )
    if reason:
        found.dropped[reason] += 1
    else:
        # J-MeDic writes -1 for a name without a standard one.
        found.names[name] = belongs_to if _LETTER.search(belongs_to) else ""


def _lines(kind: str, topics: Topics) -> Iterator[str]:
    together: dict[str, list[str]] = {}
    for name, belongs_to in topics.names.items():
        if belongs_to and kind == "disease":
            together.setdefault(belongs_to, []).append(name)
    for name, belongs_to in topics.names.items():
        if kind == "disease":
            names = [belongs_to, *together.get(belongs_to, [])[: MOST_SYNONYMS + 1]]
        else:
            names = [belongs_to, _without("drug_salts.txt", belongs_to), drug_stem(name)]
        synonyms = list(dict.fromkeys(each for each in names if each != name and len(each) > 1))[:MOST_SYNONYMS]
        yield json.dumps({"kind": kind, "name": name, "synonyms": synonyms}, ensure_ascii=False) + "\n"


def drug_stem(name: str) -> str:
    """Returns the brand of a drug's name without maker, form and strength: ユーロジン錠2mg → ユーロジン."""
    stem = _DIGIT.split(_MAKER.sub("", name), maxsplit=1)[0].strip()
    return _without("drug_forms.txt", stem) or name


def _without(list_name: str, name: str) -> str:
    """Removes ends of a name that are in a list, as long as something is left of it."""
    ends = _ends(list_name)
    while (end := next((each for each in ends if name.endswith(each)), None)) and len(name) > len(end) + 1:
        name = name.removesuffix(end)
    return name


@cache
def _ends(list_name: str) -> tuple[str, ...]:
    lines = Path(__file__).with_name(list_name).read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))
