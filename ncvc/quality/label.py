"""Labels a sample of documents as 高 or 低 by language models.

The folder that is written holds `labels.jsonl.zst` (id, text, the label that counts, and each labeller's answer),
`summary.json`, and `manifest.json`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import batched, combinations
from pathlib import Path
from typing import Any

from ncvc import __version__
from ncvc import _native as native
from ncvc.errors import NcvcError
from ncvc.evaluate.engine import EvaluationEngine, Settings
from ncvc.evaluate.models import Model
from ncvc.evaluate.open import open_engine
from ncvc.files import sha256, write_json
from ncvc.manifest import QUALITY_LABELS, write_manifest
from ncvc.outputs import require_output
from ncvc.progress import Progress, Reporter
from ncvc.quality.agreement import agreement
from ncvc.quality.documents import Document, draw, read_documents
from ncvc.quality.prompt import PROMPT, Label, messages, read_label
from ncvc.record_log import Identified, InMemoryLog
from ncvc.resumable import ResumableFolder

LABELS = "labels.jsonl.zst"
SUMMARY = "summary.json"
PAPER_SAMPLE = 100_000
"""Documents that the papers labelled."""
LONGEST_ANSWER = 1000
"""Characters of an answer that are kept; a longer one, which is no label, ends in an ellipsis."""


class LabelRecord(Identified):
    """A labeller's answer on a document."""

    answer: str
    finish: str


class LabelFolder(ResumableFolder):
    """Work folder of labelling."""

    KIND = "labelling"
    PARTS = ("answers", "models")


@dataclass(frozen=True)
class Labelling:
    """Documents and labellers, before anything is loaded."""

    inputs: Sequence[Path]
    labellers: Sequence[Model]
    size: int = PAPER_SAMPLE
    """Documents of the sample."""
    seed: int = 42
    runs: int = 1
    """Times that each labeller is asked, each with a seed of its own."""
    most_characters: int = 4000
    """Characters of a document that are shown to a labeller."""
    text_field: str = "text"
    settings: Settings = field(default_factory=lambda: Settings(max_new_tokens=8))

    def identity(self) -> dict[str, Any]:
        """Returns what the answers depend on."""
        facts = {name: value for name, value in vars(self).items() if name not in ("inputs", "labellers", "settings")}
        return {
            "inputs": {str(path): sha256(path) for path in self.inputs},
            "labellers": {model.name: model.identity for model in self.labellers},
            "settings": asdict(self.settings),
            "prompt": PROMPT,
            **facts,
        }

    def asked(self) -> list[tuple[str, Model, Settings]]:
        """Lists name, labeller and settings of every run, the labellers' first runs first."""
        found = []
        for run in range(self.runs):
            settings = Settings(**asdict(self.settings) | {"seed": self.settings.seed + run})
            found += [(f"{m.name} (run {run + 1})" if run else m.name, m, settings) for m in self.labellers]
        return found


def label(
    labelling: Labelling,
    out: Path,
    *,
    device: str = "cpu",
    batch_size: int = 8,
    key_file: Path | None = None,
    replace: bool = False,
    restart: bool = False,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Writes the folder `out` and returns its summary.

    Killed and started again it goes on; what was answered is not asked again. Raises an `NcvcError`.
    """
    reporter = reporter or Reporter()
    reads = [*labelling.inputs, *(model.path for model in labelling.labellers if model.kind != "server")]
    final = require_output(out, QUALITY_LABELS, reads=reads, replace=replace, work=LabelFolder)
    identity = labelling.identity()
    with LabelFolder(final) as work:
        work.begin_or_resume(identity, restart=restart)
        documents = draw(read_documents(labelling.inputs, labelling.text_field), labelling.size, labelling.seed)
        if not documents:
            raise NcvcError(f"{labelling.inputs[0]}: holds no document; give files of `ncvc preprocess --to text`")
        answered: dict[str, dict[str, LabelRecord]] = {}
        for number, (name, model, settings) in enumerate(labelling.asked()):
            with InMemoryLog(work.folder / "answers" / f"{number:02}.jsonl", LabelRecord) as log:
                log.say_dropped(reporter)
                left = [document for document in documents if document.id not in log.records]
                if left:
                    engine = open_engine(
                        model, settings, work.folder / "models", device, batch_size, None, key_file, reporter
                    )
                    _ask(left, engine, log, labelling.most_characters, batch_size, reporter.progress(name))
                answered[name] = log.records
        summary = summarize(documents, answered)
        (work.output / LABELS).write_bytes(_packed(documents, answered))
        write_json(work.output / SUMMARY, summary)
        write_manifest(work.output, stage=QUALITY_LABELS, ncvc=__version__, **identity, summary=summary)
        work.publish()
    return summary


def _ask(
    documents: Sequence[Document],
    engine: EvaluationEngine,
    log: InMemoryLog[LabelRecord],
    most_characters: int,
    batch_size: int,
    progress: Progress,
) -> None:
    """Appends the answers on documents as they come; those of about the same length share a batch."""
    done, of = len(log.records), len(log.records) + len(documents)
    progress.resume(done)
    for some in batched(sorted(documents, key=lambda document: len(document.text)), batch_size):
        prompts = [engine.word(messages(document.text, most_characters), exam=False) for document in some]
        log.extend(
            LabelRecord(id=some[place].id, answer=_short(answer.text), finish=answer.finish)
            for place, answer in engine.answer(prompts, batch_size)
        )
        done += len(some)
        progress.items(done, of)
    progress.close()


def _short(answer: str) -> str:
    return answer if len(answer) <= LONGEST_ANSWER else answer[:LONGEST_ANSWER] + "…"


def summarize(documents: Sequence[Document], answered: dict[str, dict[str, LabelRecord]]) -> dict[str, Any]:
    """Counts labels and other answers by labeller, and the agreement of each two of them."""
    labels = {
        name: {document.id: read_label(records[document.id].answer) for document in documents}
        for name, records in answered.items()
    }
    labellers = {name: _counts(found.values()) for name, found in labels.items()}
    pairs = [
        {"labellers": [one, other], **asdict(agreement((labels[one][id_], labels[other][id_]) for id_ in labels[one]))}
        for one, other in combinations(labels, 2)
    ]
    return {"documents": len(documents), "labellers": labellers, "agreement": pairs}


def _counts(labels: Iterable[Label | None]) -> dict[str, int]:
    counts = Counter(labels)
    return {"高": counts["高"], "低": counts["低"], "left_out": counts[None]}


def _packed(documents: Sequence[Document], answered: dict[str, dict[str, LabelRecord]]) -> bytes:
    """Returns the rows of `labels.jsonl.zst`; the first labeller's label counts, the others are there to compare."""
    first = next(iter(answered))
    frames = []
    for some in batched(documents, 4096):
        rows = []
        for document in some:
            answers = {name: records[document.id].answer for name, records in answered.items()}
            row = {"id": document.id, "label": read_label(answers[first]), "text": document.text, "answers": answers}
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        frames.append(native.compress("".join(rows).encode()))
    return b"".join(frames)
