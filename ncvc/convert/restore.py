"""Hugging Face folder → Megatron checkpoint of weights alone, which training can start from."""

from pathlib import Path

import torch

from ncvc.checkpoint.format import write_weights
from ncvc.convert import check
from ncvc.convert.memory import comparing_limit, in_at_most, writing_limit
from ncvc.convert.tokenizer_folder import read_own_pieces
from ncvc.convert.weights import HuggingFaceWeights
from ncvc.files import sha256_if_readable
from ncvc.hf.folder import EMBEDDING, TOKENIZER
from ncvc.manifest import CHECKPOINT, MANIFEST
from ncvc.outputs import require_output
from ncvc.progress import Reporter

DIVIDED_TOLERANCE = 10 * check.TOLERANCE
"""For an embedding that had to be divided by √d: its rounding error goes through all layers."""


def to_megatron(
    source: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> float:
    """Writes the checkpoint `out` from the folder `source`; returns the largest difference of their logits.

    `tokenizer` stands for the folder's own where the vocabulary has grown since; the checkpoint names it.
    `reporter` hears if the embedding has to be divided by √d (see `HuggingFaceWeights`).
    Raises `ConvertError` where the folder is no such model or the logits differ.
    """
    reporter = reporter or Reporter()
    require_output(out, CHECKPOINT, reads=[source, *([tokenizer] if tokenizer else [])], replace=replace)
    weights = HuggingFaceWeights(source)
    digest = _tokenizer(weights, tokenizer)
    weights.verify()
    if weights.divides_embedding:
        size = weights.model.hidden_size
        reporter.say(f"no {EMBEDDING} that fits: dividing the embedding by √{size}, exact to one rounding")
    reporter.say(f"comparing the logits with Megatron's, {in_at_most(comparing_limit(weights.model))}")
    ids = check.batch(weights.model)
    ours = check.megatron_logits(weights.model, weights.weight, ids, weights.dtype)
    theirs = check.huggingface_logits(source, ids)
    tolerance = DIVIDED_TOLERANCE if weights.divides_embedding else check.TOLERANCE
    found = check.require_equal(ours, theirs, source, tolerance)
    if weights.facts:  # and so every file is as it was written: the function must be too
        stored, logits = check.read_fixture(source)
        if not torch.equal(stored, ids):
            theirs = check.huggingface_logits(source, stored)
        check.require_equal(logits, theirs, source, todo=check.COPY_AGAIN)
    reporter.say(f"writing {weights.model.num_layers} layers, {in_at_most(writing_limit(weights.model))}")
    write_weights(
        out,
        weights.model,
        ((name, weights.weight(name)) for name in weights.names),
        step=weights.facts.get("step", 0),
        tokens_seen=weights.facts.get("tokens_seen", 0),
        tokenizer=digest,
        begin_of_text=weights.begin_of_text,
        replace=replace,
    )
    return found


def _tokenizer(weights: HuggingFaceWeights, given: Path | None) -> str | None:
    """SHA-256 of the manifest of the model's tokenizer, None for a model of others; raises `ConvertError`."""
    own = weights.folder / TOKENIZER
    if given is None and not own.is_dir():
        return None
    tokenizer = given or own
    read_own_pieces(tokenizer, weights.model.vocab_size, weights.tokenizer, own)
    return sha256_if_readable(tokenizer / MANIFEST)
