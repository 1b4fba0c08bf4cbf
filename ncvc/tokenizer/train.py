"""Trains a Unigram tokenizer on analysed text (technical report 2.2).

SentencePiece gets every distinct morpheme once, with its frequency. So no piece crosses a morpheme boundary, and memory
grows with the vocabulary of the corpus, not with its size.
"""

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydantic
import sentencepiece

import ncvc
import ncvc._native as native
from ncvc.documents.sources import Reading, SourceFile
from ncvc.errors import NcvcError, VocabularyError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import TOKENIZER, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.special_tokens import BEGIN_OF_TEXT, BEGIN_OF_TEXT_ID, END_OF_TEXT, END_OF_TEXT_ID, UNKNOWN
from ncvc.tokenizer.scores import round_scores
from ncvc.tokenizer.seeds import LONGEST, seeds

MODEL_FILE = "tokenizer.model"
DICTIONARY_FILE = "dictionary"
CLEANING_FILE = "cleaning.json"
COUNTS = "counts.tsv"
SEEDS = "seeds.tsv"

PAPER_VOCABULARY = 32768
META_SPACE = "▁"

SETTINGS: dict[str, Any] = {
    # Of technical report 2.2.
    "model_type": "unigram",
    "shrinking_factor": 0.75,
    "max_sentencepiece_length": LONGEST,
    "num_sub_iterations": 8,
    # Special pieces, in the order of their ids.
    "unk_id": 0,
    "bos_id": BEGIN_OF_TEXT_ID,
    "eos_id": END_OF_TEXT_ID,
    "pad_id": -1,
    "unk_piece": UNKNOWN,
    "bos_piece": BEGIN_OF_TEXT,
    "eos_piece": END_OF_TEXT,
    "user_defined_symbols": ["\n"],
    # Text is cleaned and split into morphemes already.
    "normalization_rule_name": "identity",
    "add_dummy_prefix": False,
    "remove_extra_whitespaces": False,
    "split_by_whitespace": False,
    "split_by_unicode_script": False,
    "split_by_number": False,
    # Every line is "morpheme, tab, count".
    "input_format": "tsv",
    "character_coverage": 1.0,
    "max_sentence_length": 2**20,
    # Partial sums are per thread: another number of threads gives another model.
    "num_threads": 8,
    "minloglevel": 3,
}


class MorphemeCounts(pydantic.BaseModel):
    """Counts of the pass over the text; other counts of the engine are ignored."""

    documents: int
    kept: int
    dropped: int
    """Documents that are empty after cleaning."""
    quarantined: int
    source_sha256: list[str | None]
    """SHA-256 of each file; None for one that could not be read to its end."""
    morphemes: int
    distinct_morphemes: int


def train_tokenizer(
    output: Path,
    sources: Sequence[SourceFile],
    dictionary: Path,
    *,
    vocab_size: int = PAPER_VOCABULARY,
    reading: Reading,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> MorphemeCounts:
    """Writes a self-contained tokenizer folder: pieces, dictionary, version of the cleaning rules, manifest.

    Returns the counts of the pass over the text. Raises `VocabularyError` if `vocab_size`, in pieces, is too small for
    the allowed characters or too large for the text; `NcvcError` for web pages and for an output that may not be
    replaced; `InputError` for unreadable input.
    """
    reporter = reporter or Reporter()
    characters = native.allowed_characters()
    smallest = len(characters) + 5
    if vocab_size < smallest:
        raise VocabularyError(
            f"a vocabulary of {vocab_size} cannot hold the {len(characters)} allowed characters,"
            f" each of which is a piece; choose at least {smallest}"
        )
    other = next((file for file in sources if file.needs_extraction), None)
    if other is not None:
        raise NcvcError(
            f"{other.path}: is {other.format}, not JSON lines, Parquet or text; this writes its clean text to"
            f" extracted/text.jsonl.zst: {_extraction(other.path, reading)}"
        )
    reads = [dictionary, *(file.path for file in sources)]
    with whole_folder(require_output(output, TOKENIZER, reads=reads, replace=replace), require_untouched) as folder:
        progress = reporter.progress("counting morphemes", sum(file.path.stat().st_size for file in sources))
        with contextlib.closing(progress):
            counted = native.count_morphemes(
                reading.to_engine(progress), [file.to_engine() for file in sources], dictionary, folder / COUNTS
            )
        counts = MorphemeCounts.model_validate_json(counted)
        reporter.say(
            f"choosing {vocab_size:,} pieces among those of {counts.distinct_morphemes:,} distinct morphemes …"
        )
        model = train_model(folder / COUNTS, characters, vocab_size)
        (folder / MODEL_FILE).write_bytes(model)
        (folder / COUNTS).unlink()
        shutil.copyfile(dictionary, folder / DICTIONARY_FILE)
        write_json(folder / CLEANING_FILE, {"version": native.cleaning_version()})
        write_manifest(
            folder,
            ncvc=ncvc.__version__,
            stage=TOKENIZER,
            vocab_size=vocab_size,
            dictionary=sha256(dictionary),
            morphemes=counts.morphemes,
            distinct_morphemes=counts.distinct_morphemes,
            inputs=[
                {"name": file.path.name, "bytes": file.path.stat().st_size, "sha256": digest}
                for file, digest in zip(sources, counts.source_sha256, strict=True)
            ],
        )
    return counts


def _extraction(path: Path, reading: Reading) -> str:
    """Returns a line for a shell: a config for the text of `path` alone, without private data, and the pass over it."""
    source = {"name": "text", "inputs": [str(path)], "text_field": reading.text_field}
    config = json.dumps({"sources": [source], "clinical": True, "output": "extracted"}, ensure_ascii=False)
    return f"printf '%s\\n' {shlex.quote(config)} > extract.yaml && ncvc preprocess extract.yaml --to text"


def train_model(counts: Path, characters: str, vocab_size: int) -> bytes:
    """Trains a SentencePiece model on the counted morphemes; ▁ and every one of `characters` is a piece.

    Returns the serialized model. Writes `seeds.tsv` beside `counts` and removes it again. Raises `VocabularyError` if
    the text has too few pieces.
    """
    model = io.BytesIO()
    lines = _training_lines(counts.absolute())
    path = (counts.parent / SEEDS).absolute()
    candidates = seeds(_read_counts(counts), characters + META_SPACE)
    path.write_text("".join(f"{piece}\t{weight}\n" for piece, weight in candidates), encoding="utf-8")
    try:
        # The model records the path of the seeds' file; relative to its folder it is always the same.
        with contextlib.chdir(counts.parent):
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=lines,
                model_writer=model,
                vocab_size=vocab_size,
                required_chars=characters,
                seed_sentencepieces_file=SEEDS,
                **SETTINGS,
            )
    except RuntimeError as error:
        if "Vocabulary size" in str(error):
            largest = str(error).rsplit("<= ", 1)[-1].rstrip(".")
            raise VocabularyError(
                f"the text does not hold {vocab_size} pieces; give more text or a vocabulary of at most {largest}"
            ) from None
        raise
    finally:
        path.unlink()
    rounded = round_scores(model.getvalue())
    trained = sentencepiece.SentencePieceProcessor(model_proto=rounded)
    pieces = {trained.id_to_piece(i) for i in range(trained.get_piece_size())}
    assert len(pieces) == vocab_size
    assert pieces.issuperset(characters + META_SPACE)
    return rounded


def _read_counts(path: Path) -> Iterator[tuple[str, int]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            morpheme, count = line.split("\t")
            yield morpheme, int(count)


def _training_lines(path: Path) -> Iterator[str]:
    """Yields the lines of counts, ▁ first and with at least a hundredth of all.

    SentencePiece sorts the required characters first and stops where the characters so far cover the text: in single
    precision before the rarest, and always before those that the text lacks. So one frequent character must not be
    required. ▁ is never part of a longer morpheme, and its count changes no other piece.
    """
    spaces = total = 0
    for morpheme, count in _read_counts(path):
        total += count
        if morpheme == META_SPACE:
            spaces = count
    yield f"{META_SPACE}\t{max(spaces, total // 100 + 1)}"
    yield from (f"{morpheme}\t{count}" for morpheme, count in _read_counts(path) if morpheme != META_SPACE)
