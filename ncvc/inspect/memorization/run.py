"""Measures memorization, of canaries or of texts, and writes the folder."""

from collections.abc import Sequence
from typing import Any

from ncvc.errors import NcvcError
from ncvc.indexed import IndexedDataset
from ncvc.inspect.folder import Inspection
from ncvc.inspect.memorization.canaries import Canary
from ncvc.inspect.memorization.counts import count_ngrams
from ncvc.inspect.memorization.exposure import expose
from ncvc.inspect.memorization.exposure_folder import write_exposure
from ncvc.inspect.memorization.stretches import find_stretches
from ncvc.inspect.memorization.stretches_folder import Audit, write_stretches
from ncvc.inspect.model import FoundModel, names
from ncvc.progress import Reporter


def run_canaries(
    models: Sequence[FoundModel],
    output: Inspection,
    canaries: Sequence[Canary],
    *,
    size: int,
    seed: int,
    batch_size: int,
    reporter: Reporter,
) -> dict[str, Any]:
    """Exposes canaries in one model after the other; returns the numbers."""
    found = {}
    for name, model in zip(names(models), models, strict=True):
        with model.loaded(reporter) as lm:
            found[name] = expose(lm, canaries, size=size, seed=seed, batch_size=batch_size, reporter=reporter)
    return write_exposure(found, output, size, seed)


def run_texts(
    model: FoundModel,
    output: Inspection,
    texts: Sequence[str],
    datasets: Sequence[IndexedDataset],
    *,
    prefix: int,
    length: int,
    stride: int,
    batch_size: int,
    show_text: bool,
    reporter: Reporter,
) -> dict[str, Any]:
    """Tests the stretches of texts, counts them in the data, and returns the numbers.

    Raises `NcvcError` where prefix and stretch are longer than the model holds, or than every text.
    """
    tokenizer = model.tokenizer
    encoded = [tokenizer.begin(tokenizer.encode(text)) for text in texts]
    with model.loaded(reporter) as lm:
        if lm.max_tokens is not None and prefix + length > lm.max_tokens:
            raise NcvcError(
                f"prefix and n-gram have {prefix + length} tokens; the model holds {lm.max_tokens}: give fewer"
            )
        options = {"prefix": prefix, "length": length, "stride": stride}
        found = find_stretches(lm, encoded, **options, batch_size=batch_size, reporter=reporter)
    if not found:
        raise NcvcError(
            f"no text has the {prefix + length} tokens of prefix and n-gram; give longer texts, or fewer tokens"
        )
    counts = count_ngrams([each.ids for each in found], datasets, reporter=reporter) if datasets else None
    shown = {each: tokenizer.decode(each.ids) for each in found if each.reproduced} if show_text else None
    audit = Audit(
        model=model.name,
        stretches=found,
        counts=counts,
        **options,
        texts=len(texts),
        short=sum(len(ids) < prefix + length for ids in encoded),
        shown=shown,
    )
    return write_stretches(audit, output)
