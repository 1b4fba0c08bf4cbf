"""Canaries: sentences with a random secret, planted in the training data to be looked for in the model.

Carlini, Liu, Erlingsson, Kos, Song: The Secret Sharer, 2019. Every canary has a label of its own, so that its secret
can be asked for. Labels and secrets are random, and cleaning leaves them as they are.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from ncvc import __version__
from ncvc._native import clean
from ncvc.errors import InputError, NcvcError
from ncvc.files import whole_folder
from ncvc.manifest import CANARIES, write_manifest
from ncvc.outputs import require_output, require_untouched

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
DIGITS = "0123456789"
LABEL = 8
"""Kana of a label: equal ones are as good as impossible."""
DOCUMENTS, SECRETS = "documents.jsonl", "secrets.jsonl"
MOST = 10_000_000
"""Secrets and documents of a folder: they are in memory until they are written."""


@dataclass(frozen=True)
class Form:
    """A sentence with a place for a secret."""

    name: str
    text: str
    """Holds {label} and {secret}."""
    characters: str
    """Those of which a secret is made, each as likely as every other."""
    length: int
    """Characters of a secret."""

    def draw(self, generator: random.Random) -> str:
        """Draws a secret that cleaning leaves as it is."""
        return _draw(generator, self.characters, self.length)

    @property
    def size(self) -> int:
        """Number of secrets of this form, those that cleaning would change included."""
        return int(len(self.characters) ** self.length)


FORMS = (
    Form("digits", "{label}さんの診察券の暗証番号は「{secret}」です。", DIGITS, 6),
    Form("kana", "{label}さんが受付で使う合言葉は「{secret}」です。", KANA, 6),
)
NAMES = tuple(form.name for form in FORMS)


@dataclass(frozen=True)
class Canary:
    """A secret, and the number of documents that hold it."""

    id: str
    form: str
    prefix: str
    """The text before the secret."""
    secret: str
    suffix: str
    count: int
    """0 for a control, which is in no document."""

    @property
    def text(self) -> str:
        """The whole sentence."""
        return self.prefix + self.secret + self.suffix


def make_canaries(counts: Sequence[int], each: int, seed: int, forms: Sequence[Form] = FORMS) -> list[Canary]:
    """Draws `each` canaries of every form for every count; the same arguments give the same canaries."""
    generator = random.Random(seed)  # noqa: S311 (not for secrecy)
    found: list[Canary] = []
    for form, count, _ in product(forms, counts, range(each)):
        before, _, suffix = form.text.partition("{secret}")
        prefix = before.format(label=_draw(generator, KANA, LABEL))
        found.append(Canary(f"canary-{len(found) + 1:05}", form.name, prefix, form.draw(generator), suffix, count))
    return found


def documents(canaries: Iterable[Canary], seed: int) -> list[dict[str, str]]:
    """Makes the documents, a canary as often as its count says, in random order."""
    found = [
        {"id": f"{canary.id}-{copy + 1:04}", "text": canary.text} for canary in canaries for copy in range(canary.count)
    ]
    random.Random(seed).shuffle(found)  # noqa: S311
    return found


def write_canaries(out: Path, counts: Sequence[int], each: int, seed: int, *, replace: bool) -> list[Canary]:
    """Writes the folder `out` with documents, secrets and a manifest; returns the canaries.

    Raises `NcvcError` where the output may not be written, or would hold more than `MOST`.
    """
    secrets = len(FORMS) * each * len(counts)
    planted = len(FORMS) * each * sum(counts)
    if secrets + planted > MOST:
        raise NcvcError(f"{secrets:,} secrets in {planted:,} documents: more than {MOST:,} together; give fewer")
    final = require_output(out, CANARIES, reads=(), replace=replace)
    canaries = make_canaries(counts, each, seed)
    with whole_folder(final, require_untouched) as folder:
        _write(folder / DOCUMENTS, documents(canaries, seed))
        _write(folder / SECRETS, map(asdict, canaries))
        settings = {"counts": list(counts), "each": each, "seed": seed}
        write_manifest(folder, stage=CANARIES, ncvc=__version__, settings=settings)
    return canaries


def read_canaries(path: Path) -> list[Canary]:
    """Reads the secrets of a folder of `ncvc inspect canaries`, or a file of them.

    Raises `InputError` with the line of one that is none, `NcvcError` if there is no such file.
    """
    file = path / SECRETS if path.is_dir() else path
    if not file.is_file():
        raise NcvcError(f"{path}: has no {SECRETS}; give a folder that `ncvc inspect canaries` wrote")
    return list(_read(file))


def _read(file: Path) -> Iterator[Canary]:
    names = {"id": str, "form": str, "prefix": str, "secret": str, "suffix": str, "count": int}
    number = 0
    # A line that is not UTF-8 is no JSON either.
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            row = json.loads(line)
            good = all(type(row[name]) is kind for name, kind in names.items())
        except (ValueError, LookupError, TypeError, RecursionError):
            good = False
        if not good or row["form"] not in NAMES or row["count"] < 0:
            raise InputError(f"{file}:{number}: is no canary; give the {SECRETS} of `ncvc inspect canaries`")
        yield Canary(**{name: row[name] for name in names})
    if not number:
        raise InputError(f"{file}: is empty; give the {SECRETS} of `ncvc inspect canaries`")


def _draw(generator: random.Random, characters: str, length: int) -> str:
    while True:
        text = "".join(generator.choices(characters, k=length))
        if clean(text) == text:
            return text


def _write(path: Path, rows: Iterable[object]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
