"""Compares the logits of Megatron's GPTModel with those of the Hugging Face folder that was made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoConfig

import ncvc.model.lazy_dynamo  # noqa: F401  (before megatron-core)
from ncvc.convert import mapping
from ncvc.convert.config import ARCHITECTURES
from ncvc.convert.shards import Shards
from ncvc.convert.streaming import streamed, transformers_logits, without_weights
from ncvc.errors import ConvertError, ModelFolderError
from ncvc.hf.fixture import LOGITS
from ncvc.hf.load import load_model
from ncvc.hf.tokenizer import one_line
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process

TOLERANCE = 1e-5
"""Largest allowed difference of two logits in fp32; of logits beyond ±1, relative to their size."""
CONVERT_AGAIN = "nothing was written. Convert again; if that does not help, the weights or the sizes are damaged"
COPY_AGAIN = "copy the folder again, or convert the checkpoint again"
BATCH, LENGTH = 2, 64
WeightReader = Callable[[str], Tensor]
"""Megatron weight name → the weight."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """Result of the comparison."""

    difference: float
    """Largest difference between the two models' logits, measured as `TOLERANCE` is."""
    rounding: float | None
    """For 16 bits: how far rounding the weights moved a logit; None for float32."""
    ids: Tensor
    """Token ids [batch, length] that both models read, int64."""
    logits: Tensor
    """Megatron's logits [batch, length, V] in fp32, of the weights as they are stored in the folder."""

    @property
    def tokens(self) -> int:
        """The number of positions compared."""
        return self.ids.numel()


def batch(model: ModelConfig) -> Tensor:
    """Token ids [2, ≤ 64], spread over the vocabulary by Knuth's multiplicative hash: the same everywhere."""
    return batch_of(model.vocab_size, model.max_position_embeddings)


def batch_of(vocab_size: int, longest: int) -> Tensor:
    """The same for a model of which no more is known."""
    length = min(LENGTH, longest)
    spread = torch.arange(BATCH * length) * 2654435761 % 2**32
    return (spread * vocab_size >> 32).view(BATCH, length)


def difference(ours: Tensor, theirs: Tensor) -> float:
    """Largest |ours - theirs|, relative where |ours| > 1; infinite where either is not a number."""
    relative = (ours - theirs).abs() / ours.abs().clamp(min=1)
    return relative.nan_to_num(nan=torch.inf).max().item()


def megatron_logits(model: ModelConfig, weight: WeightReader, ids: Tensor, dtype: torch.dtype) -> Tensor:
    """Logits [batch, length, V] of Megatron's GPTModel, computed in fp32 on the CPU.

    Its weights are those that `weight` gives, rounded to `dtype`, one in memory at a time. The embedding's output is
    rounded after its multiplication by √d, because the folder holds the product.
    """
    with single_process(), torch.no_grad():
        gpt = build(model).eval()
        tied = {"output_layer": mapping.EMBEDDING} if model.share_embeddings_and_output_weights else {}
        positions = torch.arange(ids.shape[1]).expand_as(ids)
        with streamed(gpt, weight):
            embedded = gpt.embedding(ids, positions).to(dtype).float()
        with streamed(gpt, lambda name: weight(name).to(dtype).float(), tied):
            logits: Tensor = gpt(ids, positions, None, decoder_input=embedded)
    return logits


def huggingface_logits(folder: Path, ids: Tensor) -> Tensor:
    """Logits [batch, length, V] of the folder's model in fp32, by transformers, one weight in memory at a time.

    A model of others whose weights have other names in memory than in the files is loaded whole.
    Raises `ConvertError` where a weight is missing, or the model has no such weight.
    """
    shards = Shards(folder)
    try:
        model = without_weights(AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False))
    except Exception as error:  # whatever an odd config leads to
        raise ModelFolderError(f"{folder}: transformers cannot load it: {one_line(error)}") from None
    expected = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    if expected.keys() != shards.shapes().keys() and not any(
        entry.model_type == model.config.model_type for entry in ARCHITECTURES
    ):  # a tuned model of others, which transformers may load under other names
        with torch.no_grad():
            whole: Tensor = load_model(folder)(input_ids=ids, use_cache=False).logits
        return whole
    shards.require_shapes(expected, f"transformers' {type(model).__name__}", "convert again")
    return transformers_logits(model, ids, lambda name: shards.tensor(name).float())


def require_equal(
    ours: Tensor, theirs: Tensor, folder: Path, tolerance: float = TOLERANCE, *, todo: str = CONVERT_AGAIN
) -> float:
    """The difference; raises `ConvertError`, whose sentence ends in `todo`, where it exceeds `tolerance`."""
    found = difference(ours, theirs)
    require_tolerance(found, folder, tolerance, todo=todo)
    return found


def require_tolerance(found: float, folder: Path, tolerance: float = TOLERANCE, *, todo: str = CONVERT_AGAIN) -> None:
    """Raises `ConvertError`, whose sentence ends in `todo`, where a difference exceeds `tolerance`."""
    if found > tolerance:
        raise ConvertError(
            f"{folder}: its logits differ from Megatron's by {found:.1e}, more than {tolerance:.0e}; {todo}"
        )


def read_fixture(folder: Path) -> tuple[Tensor, Tensor]:
    """Token ids [batch, length] and Megatron's logits [batch, length, V] of a converted folder.

    Raises `ConvertError` where they are missing or damaged.
    """
    try:
        stored = load_file(folder / LOGITS)
        return stored["ids"], stored["logits"]
    except (OSError, KeyError, SafetensorError):
        raise ConvertError(f"{folder / LOGITS}: missing or damaged; {COPY_AGAIN}") from None
