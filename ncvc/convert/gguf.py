"""A model → one GGUF file, by the `gguf` package of llama.cpp, in its architecture `llama`.

Never as an Arcee model: llama.cpp computes relu² there. The weights are those of Llama's form (`mapping`), under
llama.cpp's names, with the rows of query and key in its order. The tokenizer is UGM, SentencePiece's Unigram.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType, TokenType
from numpy.typing import NDArray
from torch import Tensor

from ncvc.convert import mapping
from ncvc.convert.source import Source
from ncvc.convert.tokenizer import Kind, Piece
from ncvc.errors import ConvertError
from ncvc.hf.conversation import chat_template
from ncvc.model.config import ModelConfig
from ncvc.model.rope_scaling import base_frequencies, scaled
from ncvc.special_tokens import END_OF_TEXT_ID, first_id

Format = Literal["float32", "float16", "bfloat16", "q8_0"]
FORMATS: dict[Format, tuple[Type, LlamaFileType]] = {
    "float32": (Type.F32, LlamaFileType.ALL_F32),
    "float16": (Type.F16, LlamaFileType.MOSTLY_F16),
    "bfloat16": (Type.BF16, LlamaFileType.MOSTLY_BF16),
    "q8_0": (Type.Q8_0, LlamaFileType.MOSTLY_Q8_0),
}
"""Format of the matrices; vectors stay in float32, as llama.cpp wants them."""
ZEROS = (Type.Q2_K, Type.Q4_0)
"""Formats that a matrix of zeros is written in, the first whose blocks fit its rows; both hold 0 exactly, in 2.6 and
4.5 bits a number. The ternary ones are smaller, but llama.cpp computes them on CPUs alone."""
ROPE_FACTORS = f"{gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.ROPE_FREQS]}.weight"
"""Name of the tensor of `rope_factors`."""


class WholeArray(np.ndarray[Any, np.dtype[Any]]):
    """An array that a file gets wholly, or an error is raised.

    numpy's `tofile` does not look at what closing its own stream says: of a small array, or the last bytes of a large
    one, that a full disk refuses, nothing is written, and nothing said.
    """

    def tofile(self, fid: Any, /, *_: str, **__: str) -> None:
        """Writes the numbers through Python's file object."""
        fid.write(self.data)


@dataclass(frozen=True)
class Entry:
    """A tensor of the file and the Hugging Face weight that it is made from."""

    name: str
    huggingface: str
    shape: tuple[int, ...]
    heads: int
    """Heads whose rows llama.cpp orders otherwise; 0 for a tensor that is copied."""
    zeros: bool
    """True for the matrix that Llama's form adds to an MLP without a gate (`mapping.split_alone`)."""

    def arrange(self, weight: Tensor) -> Tensor:
        """The weight in llama.cpp's order: RoPE turns neighbours there, and the halves of a head in Hugging Face."""
        if not self.heads:
            return weight
        halves = weight.view(self.heads, 2, -1, *weight.shape[1:])
        return halves.transpose(1, 2).reshape(weight.shape)


def entries(model: ModelConfig) -> Iterator[Entry]:
    """The file's tensors, in order."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.num_layers)
    heads = {"q_proj": model.num_attention_heads, "k_proj": model.num_query_groups}
    for huggingface, shape in mapping.all_shapes(model, llama=True).items():
        base, kind = huggingface.rsplit(".", 1)
        name = names.get_name(base)
        assert name is not None, huggingface
        part = base.rsplit(".", 1)[-1]
        zeros = part == "up_proj" and kind == "weight" and not model.gated_linear_unit
        yield Entry(f"{name}.{kind}", huggingface, shape, heads.get(part, 0), zeros)


def rope_factors(model: ModelConfig) -> NDArray[np.float32] | None:
    """Divisors [kv_channels / 2] of RoPE's frequencies as llama.cpp has them for Llama 3.1; None for other models."""
    if model.rope_scaling != "llama3":
        return None
    frequencies = base_frequencies(model)
    divisors: NDArray[np.float32] = (frequencies / scaled(frequencies, model)).numpy()
    return divisors


def write_gguf(source: Source, path: Path, form: Format, *, small_zeros: bool = True) -> None:
    """Writes the file; holds one tensor at a time.

    Matrices of zeros get a format of `ZEROS`, unless `small_zeros` is false: llama.cpp quantizes no quantized matrix.

    Raises `ConvertError` where the model has no Llama form, or a number is too large for float16.
    """
    kind, file_type = FORMATS[form]
    writer = gguf.GGUFWriter(path, "llama")
    _write_sizes(writer, source.model)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    first = first_id(begin_of_text=source.begin_of_text)
    template = source.chat_template
    if source.has_chat_tokens:
        template = chat_template(source.pieces[first].text, marked=False)
    if template is not None:
        writer.add_chat_template(template)
    _write_tokenizer(writer, source.pieces, first)
    factors = rope_factors(source.model)
    table = list(entries(source.model))
    kinds = {entry.name: _kind(entry, kind, small_zeros=small_zeros) for entry in table}
    if factors is not None:
        writer.add_tensor_info(ROPE_FACTORS, factors.shape, factors.dtype, factors.nbytes)
    for entry in table:
        stored = kinds[entry.name]
        block, size = gguf.GGML_QUANT_SIZES[stored]
        bytes_ = math.prod(entry.shape) // block * size
        writer.add_tensor_info(entry.name, entry.shape, np.dtype(np.float32), bytes_, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    _, read = source.huggingface(llama=True)
    if factors is not None:
        writer.write_tensor_data(factors.view(WholeArray))
    for entry in table:
        writer.write_tensor_data(_stored(entry, read(entry.huggingface), kinds[entry.name]).view(WholeArray))
    writer.close()


def _kind(entry: Entry, kind: Type, *, small_zeros: bool) -> Type:
    """Vectors in float32; a matrix whose rows are no whole blocks in float16."""
    if len(entry.shape) == 1:
        return Type.F32

    def fits(form: Type) -> bool:
        block, _ = gguf.GGML_QUANT_SIZES[form]
        return not entry.shape[-1] % block

    forms = (*ZEROS, kind) if entry.zeros and small_zeros else (kind,)
    return next(filter(fits, forms), Type.F16)


def _stored(entry: Entry, weight: Tensor, kind: Type) -> NDArray[np.generic]:
    if entry.zeros and kind in ZEROS:
        return np.zeros(gguf.quants.quant_shape_to_byte_shape(entry.shape, kind), np.uint8)
    values = entry.arrange(weight).contiguous()
    if kind is Type.BF16:  # torch's, which is ten times as fast and rounds alike
        return values.to(torch.bfloat16).view(torch.uint8).numpy()
    with np.errstate(over="ignore"):
        stored: NDArray[np.generic] = gguf.quants.quantize(values.numpy(), kind)
    if kind is Type.F16 and not np.isfinite(stored).all():
        raise ConvertError(
            f"weight {entry.huggingface}: its largest number is {weight.abs().max().item():.1e}, too large for"
            " float16; choose another --dtype"
        )
    return stored


def _write_sizes(writer: gguf.GGUFWriter, model: ModelConfig) -> None:
    writer.add_vocab_size(model.vocab_size)
    writer.add_context_length(model.max_position_embeddings)
    writer.add_embedding_length(model.hidden_size)
    writer.add_block_count(model.num_layers)
    writer.add_feed_forward_length(model.ffn_hidden_size)
    writer.add_head_count(model.num_attention_heads)
    writer.add_head_count_kv(model.num_query_groups)
    writer.add_key_length(model.kv_channels)
    writer.add_value_length(model.kv_channels)
    writer.add_rope_dimension_count(model.kv_channels)
    writer.add_rope_freq_base(float(model.rotary_base))
    if model.rope_scaling == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(model.rope_scaling_factor)
    writer.add_layer_norm_rms_eps(model.layernorm_epsilon)


TOKEN_TYPES: dict[Kind, TokenType] = {
    "normal": TokenType.NORMAL,
    "unknown": TokenType.UNKNOWN,
    "control": TokenType.CONTROL,
    "user_defined": TokenType.USER_DEFINED,
}


def _write_tokenizer(writer: gguf.GGUFWriter, pieces: list[Piece], first: int) -> None:
    """UGM with every piece and score; the engine begins a text with the id `first`, as training did."""
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece.text for piece in pieces])
    writer.add_token_scores([piece.score for piece in pieces])
    writer.add_token_types([TOKEN_TYPES[piece.kind] for piece in pieces])
    writer.add_add_space_prefix(False)
    writer.add_remove_extra_whitespaces(False)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(first)
    writer.add_eos_token_id(END_OF_TEXT_ID)
    writer.add_pad_token_id(END_OF_TEXT_ID)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
