"""Shape, arithmetic and parallel layout of the model, in Megatron's names."""

from typing import Annotated, Literal, Self

import pydantic

from ncvc.config import Config

Count = Annotated[int, pydantic.Field(ge=1)]
WholeNumber = Annotated[int, pydantic.Field(ge=0)]
Probability = Annotated[float, pydantic.Field(ge=0.0, lt=1.0)]
Positive = Annotated[float, pydantic.Field(gt=0.0)]
NotNegative = Annotated[float, pydantic.Field(ge=0.0)]
Switch = bool | Literal["auto"]


ROPE_SCALING = (
    "rope_scaling",
    "rope_scaling_factor",
    "rope_low_freq_factor",
    "rope_high_freq_factor",
    "rope_original_positions",
)
"""Fields of `ModelConfig` that change RoPE's frequencies."""


def _kv_channels(values: dict[str, int]) -> int:
    return values["hidden_size"] // values["num_attention_heads"]


class ModelConfig(Config):
    """Shape of the model; the defaults are the papers' (technical report 2.3).

    A gated MLP gives the layers of Llama, with `add_qkv_bias` those of Qwen2, with `qk_layernorm` those of Qwen3.
    """

    num_layers: Count
    """Transformer layers."""
    hidden_size: Count
    """Width of the residual stream, in features."""
    ffn_hidden_size: Count
    """Inner width of the MLP, in features."""
    num_attention_heads: Count
    """Query heads of a layer."""
    num_query_groups: Count
    """Key and value heads of a layer; each serves `num_attention_heads / num_query_groups` query heads."""
    kv_channels: Count = pydantic.Field(default_factory=_kv_channels)
    """Features of one attention head; left out, hidden_size / num_attention_heads."""
    vocab_size: Count
    """Rows of the embedding and of the head, in tokens."""
    max_position_embeddings: Count = 2048
    """Longest sequence that the model is trained for, in tokens."""
    rotary_base: Count = 10000
    """Base of the RoPE frequencies."""
    rope_scaling: Literal["llama3", "linear"] | None = None
    """Change of the RoPE frequencies for longer texts: `llama3` divides the slow ones by `rope_scaling_factor` and
    leaves the fast ones, as Llama 3.1 does; `linear` divides all; null none."""
    rope_scaling_factor: Annotated[float, pydantic.Field(ge=1.0)] = 8.0
    """Divisor of `rope_scaling`; Llama 3.1 has 8, Llama 3.2 has 32."""
    rope_low_freq_factor: Positive = 1.0
    """With llama3: turns of a frequency in `rope_original_positions` tokens below which it is divided."""
    rope_high_freq_factor: Positive = 4.0
    """With llama3: turns above which a frequency is left; between both it is a mean."""
    rope_original_positions: Count = 8192
    """With llama3: longest sequence of the training before, in tokens; Hugging Face's
    original_max_position_embeddings."""
    gated_linear_unit: bool = False
    """MLP with a gate, SwiGLU (arXiv 2002.05202), which has a third matrix; without it SiLU alone."""
    qk_layernorm: bool = False
    """RMSNorm of each query and key head before RoPE; needs gated_linear_unit."""
    add_qkv_bias: bool = False
    """Bias of query, key and value; needs gated_linear_unit."""
    share_embeddings_and_output_weights: bool = False
    """One matrix for embedding and head (tied embeddings)."""
    scale_embedding: bool = True
    """Multiplies the embedding's output by the square root of hidden_size (arXiv 2312.16903)."""
    layernorm_epsilon: Positive = 1e-5
    """Added to the mean square in every RMSNorm."""
    hidden_dropout: Probability = 0.1
    """Dropout probability of the residual branches' outputs."""
    attention_dropout: Probability = 0.1
    """Dropout probability of the attention weights."""
    embedding_dropout: Probability | None = None
    """Dropout probability of the embedding's output; null is `hidden_dropout`, as in megatron-core."""

    @property
    def dropout_after_embedding(self) -> float:
        """Dropout probability of the embedding's output."""
        return self.hidden_dropout if self.embedding_dropout is None else self.embedding_dropout

    @property
    def query_size(self) -> int:
        """Features of all query heads of a layer."""
        return self.num_attention_heads * self.kv_channels

    @property
    def key_size(self) -> int:
        """Features of all key heads of a layer."""
        return self.num_query_groups * self.kv_channels

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if "kv_channels" not in self.model_fields_set and self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} must be a multiple of num_attention_heads {self.num_attention_heads},"
                " or kv_channels be given"
            )
        if self.kv_channels % 2:
            raise ValueError(
                f"a head has kv_channels (hidden_size / num_attention_heads) = {self.kv_channels} features;"
                " RoPE turns pairs, make it even"
            )
        self._check_rope()
        extra = [name for name in ("qk_layernorm", "add_qkv_bias") if getattr(self, name)]
        if len(extra) == 2 or (extra and not self.gated_linear_unit):
            raise ValueError(
                f"{' and '.join(extra)}: no architecture of Hugging Face has"
                f" {'both' if len(extra) == 2 else 'it without gated_linear_unit'}, so that the model could not be"
                f" converted; {'leave one out' if len(extra) == 2 else 'set gated_linear_unit to true'}"
            )
        if self.num_attention_heads % self.num_query_groups:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} must be a multiple of"
                f" num_query_groups {self.num_query_groups}"
            )
        return self

    def _check_rope(self) -> None:
        """Raises `ValueError` for numbers of a scaling that the model does not have, or that contradict each other."""
        for name in ROPE_SCALING[1:]:
            kinds = ("llama3", "linear") if name == "rope_scaling_factor" else ("llama3",)
            if self.rope_scaling not in kinds and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} belongs to rope_scaling {' or '.join(kinds)}; set that, or leave {name} out")
        if self.rope_low_freq_factor >= self.rope_high_freq_factor:
            raise ValueError(
                f"rope_low_freq_factor {self.rope_low_freq_factor} must be below"
                f" rope_high_freq_factor {self.rope_high_freq_factor}"
            )


class ComputeConfig(Config):
    """Arithmetic of the model: types, kernels, recomputation."""

    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Type of weights and activations; the optimizer keeps float32 weights beside bfloat16 ones."""
    core_attention: Literal["sdpa", "megatron", "flash_attn", "transformer_engine"] = "sdpa"
    """Core attention: torch's scaled_dot_product_attention (flash attention on a GPU), megatron-core's, a package's."""
    transformer_impl: Literal["local", "transformer_engine"] = "local"
    """Source of linear layers, norms and RoPE: local (torch, liger-kernel) or TransformerEngine."""
    fp8: Literal["hybrid", "e4m3"] | None = None
    """Format of FP8 products, scaled by each tensor's present maximum; needs TransformerEngine's layers."""
    apply_rope_fusion: Switch = "auto"
    """RoPE in one kernel of liger-kernel; auto: on a GPU, if that is installed."""
    fused_residual_rmsnorm: Switch = "auto"
    """RMSNorm, and the sum of its gradient and the residual's, in one kernel; auto as for RoPE."""
    bias_dropout_fusion: Switch = "auto"
    """Dropout and the residual's addition in one kernel, compiled by torch; auto: on a GPU."""
    cross_entropy_fusion_impl: Literal["auto", "none", "native", "te", "liger"] = "auto"
    """Cross entropy by megatron-core plainly (none) or compiled (native), TransformerEngine (te) or liger-kernel; auto:
    on a GPU liger-kernel's if it is installed, else native."""
    gradient_accumulation_fusion: Switch | Literal["apex"] = "auto"
    """Weight gradients added to the float32 sum inside the matrix product, without rounding before: by torch, or by
    the extension of NVIDIA's apex; auto: by torch, on a GPU."""
    deterministic_mode: bool = False
    """Restricts GPUs to kernels that add in a fixed order, which are slower: a run then has the same bits whether it
    was interrupted or not. A CPU always adds in a fixed order."""
    recompute_granularity: Literal["full", "selective"] | None = None
    """Activations recomputed in the backward pass to save memory: whole layers, or `recompute_modules` of each."""
    recompute_method: Literal["uniform", "block"] | None = None
    """With full: recompute every stretch of `recompute_num_layers` layers, or only the first `recompute_num_layers`."""
    recompute_num_layers: Count | None = None
    """With full: number of layers, see `recompute_method`."""
    recompute_modules: list[Literal["core_attn", "layernorm", "mlp"]] | None = None
    """With selective: modules to recompute."""
    threads: Count = 1
    """CPU threads of a rank."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.fp8 and self.transformer_impl != "transformer_engine":
            raise ValueError("fp8 needs TransformerEngine's layers; set transformer_impl to transformer_engine")
        if self.fp8 and self.dtype != "bfloat16":
            raise ValueError("fp8 goes with dtype bfloat16; set it")
        full, selective = (self.recompute_granularity == kind for kind in ("full", "selective"))
        for name in ("recompute_method", "recompute_num_layers"):
            if full != (getattr(self, name) is not None):
                raise ValueError(
                    f"{name} belongs to recompute_granularity full; {'add it' if full else 'leave it out'}"
                )
        if selective != bool(self.recompute_modules):
            todo = "name some" if selective else "leave it out"
            raise ValueError(f"recompute_modules belongs to recompute_granularity selective; {todo}")
        if "layernorm" in (self.recompute_modules or ()) and self.transformer_impl != "transformer_engine":
            # megatron-core 0.19 reads TransformerEngine's FP8 state there.
            raise ValueError(
                "recompute_modules: layernorm needs TransformerEngine's layers; leave it out, or set transformer_impl"
                " to transformer_engine"
            )
        return self


class ParallelConfig(Config):
    """Parallel layout of the ranks; those beyond tensor × pipeline parallel are data parallel."""

    nproc_per_node: WholeNumber = 0
    """Ranks on this machine; 0 is one per GPU, or one without a GPU."""
    tensor_model_parallel_size: Count = 1
    """Ranks among which each matrix is split."""
    pipeline_model_parallel_size: Count = 1
    """Ranks among which the layers are split, one stretch each."""
    sequence_parallel: bool = False
    """Splits norms and dropout along the sequence too; needs tensor_model_parallel_size above 1."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.sequence_parallel and self.tensor_model_parallel_size == 1:
            raise ValueError("sequence_parallel needs tensor_model_parallel_size above 1; set it to false")
        return self
