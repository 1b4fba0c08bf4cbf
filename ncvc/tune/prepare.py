"""Reads and checks everything that a tuning needs, before torch is imported."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ncvc.data.chat import BadRow
from ncvc.data.rows import Message
from ncvc.files import sha256, whole_file
from ncvc.hf.folder import read_manifest
from ncvc.tune.base import Base, open_base
from ncvc.tune.config import TuneConfig
from ncvc.tune.rows import Row, Rows, read_rows, require_usable
from ncvc.tune.samples import Sample, UnusableError, conversation_samples, document_samples

BAD_ROWS = "bad_rows.jsonl"
"""File in the run folder that names the rows that were set aside."""
SPACE = "\u2581"
"""White space of cleaned text."""


@dataclass(frozen=True)
class Prepared:
    """The base and the data of a tuning."""

    base: Base
    samples: list[Sample]
    """Of training; empty for `dpo` and `grpo`, whose trainers encode `rows`."""
    validation: list[Sample]
    rows: list[Row]
    validation_rows: list[Row]
    bad: list[BadRow]

    @property
    def count(self) -> int:
        """Number of samples of an epoch."""
        return len(self.samples) or len(self.rows)

    def facts(self) -> dict[str, object]:
        """Facts that the bytes of a run depend on, besides its config: hashes of the base and the data."""
        config, folder = self.base.config, self.base.folder.path
        # `open_folder` has compared the files with the hashes that a manifest has of them.
        known = read_manifest(folder).get("files", {})
        weights = sorted(folder.glob("*.safetensors"))
        return {
            "base": {path.name: known[path.name]["sha256"] if path.name in known else sha256(path) for path in weights},
            "data": {str(path): sha256(path) for path in config.files},
        }


def prepare(config: TuneConfig) -> Prepared:
    """Opens the base and encodes the data.

    Raises an `NcvcError` in one sentence for what is wrong: the base, the config, a row.
    """
    base = open_base(config)
    base.form if config.method != "continued" else base.end  # noqa: B018  # refuses a base that has none
    train, bad = _rows([Path(name) for name in config.data.train], base)
    validation: tuple[list[Row], list[Sample]] = ([], [])
    if config.data.validation:
        validation, more = _rows([Path(name) for name in config.data.validation], base)
        bad = [*bad, *more]
    rows, samples = train
    return Prepared(base, samples, validation[1], rows, validation[0], bad)


def _rows(files: Sequence[Path], base: Base) -> tuple[tuple[list[Row], list[Sample]], list[BadRow]]:
    config = base.config
    rows = read_rows(files, config.method)
    samples: list[Sample] = []
    if config.method == "continued":
        # Cleaned text has ▁ for white space, which only our own tokenizers read as such.
        texts = rows.good if base.is_ours else [replace(row, text=row.text.replace(SPACE, " ")) for row in rows.good]
        samples, more = document_samples(texts, base.tokenizer, base.end, config)
    elif config.method in ("dpo", "grpo"):
        more = _too_long(rows.good, base)
    else:
        samples, more = conversation_samples(rows.good, base.form, config)
    bad_places = {row.place for row in more}
    good = [row for row in rows.good if row.place not in bad_places]
    bad = sorted([*rows.bad, *more], key=lambda row: _order(row.place))
    require_usable(files, Rows(good, bad), config.data.on_error)
    return (good, samples), bad


def _too_long(rows: Sequence[Row], base: Base) -> list[BadRow]:
    """Preferences and questions that leave no room for their answers, or that the form refuses."""
    config = base.config
    limit = config.data.max_length - (config.grpo.max_new_tokens if config.method == "grpo" else 0)
    bad = []
    for row in rows:
        answers = [row.chosen, row.rejected] if config.method == "dpo" else []
        try:
            lengths = [len(base.form.encode(row.messages, prompt=True).ids)]
            for answer in answers:
                lengths.append(len(base.form.encode([*row.messages, Message(role="assistant", content=answer)]).ids))
        except UnusableError as error:
            bad.append(BadRow(row.place, str(error)))
            continue
        if max(lengths) > limit:
            bad.append(BadRow(row.place, f"{max(lengths):,} tokens, and there is room for {limit:,}"))
    return bad


def _order(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line)


def write_bad_rows(bad: Sequence[BadRow], folder: Path) -> None:
    """Writes the rows that were set aside, one JSON object a line."""
    with whole_file(folder / BAD_ROWS) as partial:
        lines = (json.dumps(vars(row), ensure_ascii=False) + "\n" for row in bad)
        partial.write_text("".join(lines), encoding="utf-8")
