"""Hugging Face folder → Megatron checkpoint of weights alone, which training can start from."""

from pathlib import Path

from ncvc.checkpoint.format import write_weights
from ncvc.convert import check
from ncvc.convert.weights import HuggingFaceWeights
from ncvc.hf.folder import EMBEDDING
from ncvc.manifest import CHECKPOINT
from ncvc.outputs import require_output
from ncvc.progress import Reporter

DIVIDED_TOLERANCE = 10 * check.TOLERANCE
"""For an embedding that had to be divided by √d: its rounding error goes through all layers."""


def to_megatron(source: Path, out: Path, *, replace: bool = False, reporter: Reporter | None = None) -> float:
    """Writes the checkpoint `out` from the folder `source`; returns the largest difference of their logits.

    `reporter` hears if the embedding has to be divided by √d (see `HuggingFaceWeights`).
    Raises `ConvertError` where the folder is no such model or the logits differ.
    """
    reporter = reporter or Reporter()
    require_output(out, CHECKPOINT, reads=[source], replace=replace)
    weights = HuggingFaceWeights(source)
    weights.verify()
    if weights.divides_embedding:
        size = weights.model.hidden_size
        reporter.say(f"no {EMBEDDING} that fits: dividing the embedding by √{size}, exact to one rounding")
    reporter.say("comparing the logits with Megatron's")
    ids = check.batch(weights.model)
    ours = check.megatron_logits(weights.model, weights.weight, ids, weights.dtype)
    theirs = check.huggingface_logits(source, ids)
    tolerance = DIVIDED_TOLERANCE if weights.divides_embedding else check.TOLERANCE
    found = check.require_equal(ours, theirs, source, tolerance)
    write_weights(
        out,
        weights.model,
        ((name, weights.weight(name)) for name in weights.names),
        step=weights.facts.get("step", 0),
        tokens_seen=weights.facts.get("tokens_seen", 0),
        tokenizer=weights.tokenizer,
        begin_of_text=weights.begin_of_text,
        replace=replace,
    )
    return found
