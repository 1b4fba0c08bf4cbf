"""The papers' model (technical report 2.3) on megatron-core's GPTModel, every submodule named.

Named, because megatron-core otherwise takes other parts where TransformerEngine or anything called apex can
be imported, and the model would depend on the machine.
"""

import contextlib
import hashlib
import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.fusions.fused_bias_dropout import get_bias_dropout_add
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.process_groups_config import ProcessGroupCollection
from megatron.core.tensor_parallel.layers import ColumnParallelLinear, RowParallelLinear
from megatron.core.tensor_parallel.random import get_cuda_rng_tracker
from megatron.core.transformer.attention import SelfAttention, SelfAttentionSubmodules
from megatron.core.transformer.dot_product_attention import DotProductAttention
from megatron.core.transformer.enums import AttnMaskType
from megatron.core.transformer.identity_op import IdentityOp
from megatron.core.transformer.mlp import MLP, MLPSubmodules
from megatron.core.transformer.module import MegatronModule
from megatron.core.transformer.spec_utils import ModuleSpec
from megatron.core.transformer.transformer_block import (
    TransformerBlockSubmodules,
    get_num_layers_to_build,
)
from megatron.core.transformer.transformer_config import TransformerConfig
from megatron.core.transformer.transformer_layer import TransformerLayer, TransformerLayerSubmodules
from torch.nn.attention import SDPBackend, sdpa_kernel

from ncvc.train.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.train.parameters import shards


class SdpaAttention(MegatronModule):  # type: ignore[misc]
    """Causal attention by torch's scaled_dot_product_attention; keys and values are not repeated for GQA.

    Query [s, b, heads, head size]; key and value [s, b, groups, head size]; result [s, b, heads × head size].
    """

    # Not cuDNN: with dropout it rounds the probability to sixteenths.
    BACKENDS = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH)

    def __init__(self, config: TransformerConfig, attn_mask_type: AttnMaskType, **_: Any) -> None:
        super().__init__(config=config)
        assert attn_mask_type == AttnMaskType.causal

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        **_: Any,
    ) -> torch.Tensor:
        """See the class; `attention_mask` must be None, the mask is causal."""
        assert attention_mask is None
        q, k, v = (t.permute(1, 2, 0, 3) for t in (query, key, value))
        dropout = self.config.attention_dropout if self.training else 0.0
        with contextlib.ExitStack() as stack:
            if query.is_cuda:
                stack.enter_context(sdpa_kernel(list(self.BACKENDS)))
            # Tensor-parallel ranks hold different heads: each draws from its own generator. Under sequence
            # parallelism the layer has switched to it already.
            if dropout and not self.config.sequence_parallel:
                stack.enter_context(get_cuda_rng_tracker().fork())
            out = F.scaled_dot_product_attention(
                q, k, v, dropout_p=dropout, is_causal=True, enable_gqa=k.size(1) != q.size(1)
            )
        return out.permute(2, 0, 1, 3).flatten(2)


class RMSNorm(torch.nn.RMSNorm):
    """torch's RMSNorm; megatron-core's wrapper of it refuses sequence parallelism."""

    def __init__(self, config: TransformerConfig, hidden_size: int, eps: float = 1e-5, **_: Any) -> None:
        super().__init__(hidden_size, eps=eps)
        self.weight.sequence_parallel = config.sequence_parallel  # type: ignore[attr-defined]


def transformer_config(
    model: ModelConfig, compute: ComputeConfig, parallel: ParallelConfig, device: torch.device
) -> TransformerConfig:
    """The model in megatron-core's own terms."""
    dtype = getattr(torch, compute.dtype)
    on_gpu = device.type == "cuda"
    return TransformerConfig(
        num_layers=model.num_layers,
        hidden_size=model.hidden_size,
        ffn_hidden_size=model.ffn_hidden_size,
        num_attention_heads=model.num_attention_heads,
        num_query_groups=model.num_query_groups,
        normalization="RMSNorm",
        layernorm_epsilon=model.layernorm_epsilon,
        hidden_dropout=model.hidden_dropout,
        attention_dropout=model.attention_dropout,
        gated_linear_unit=False,
        activation_func=F.silu,
        add_bias_linear=False,
        add_qkv_bias=False,
        # `initialise` draws the weights; on the CPU, so that they are the same wherever the model then runs.
        perform_initialization=False,
        use_cpu_initialization=True,
        bf16=dtype == torch.bfloat16,
        params_dtype=dtype,
        pipeline_dtype=dtype,
        tensor_model_parallel_size=parallel.tensor_model_parallel_size,
        pipeline_model_parallel_size=parallel.pipeline_model_parallel_size,
        sequence_parallel=parallel.sequence_parallel,
        bias_dropout_fusion=on_gpu,
        cross_entropy_loss_fusion=on_gpu,
        cross_entropy_fusion_impl="native",
        # It raises for an MLP that is not gated with SiLU.
        bias_activation_fusion=False,
        # These need extensions that are compiled on the spot or come with apex and TransformerEngine.
        persist_layer_norm=False,
        masked_softmax_fusion=False,
        gradient_accumulation_fusion=False,
        apply_rope_fusion=False,
    )


def layers(config: TransformerConfig, core_attention: str) -> TransformerBlockSubmodules:
    """Pre-norm layers: RMSNorm, attention, RMSNorm, MLP."""
    layer = ModuleSpec(
        module=TransformerLayer,
        submodules=TransformerLayerSubmodules(
            input_layernorm=RMSNorm,
            self_attention=ModuleSpec(
                module=SelfAttention,
                params={"attn_mask_type": AttnMaskType.causal},
                submodules=SelfAttentionSubmodules(
                    linear_qkv=ColumnParallelLinear,
                    core_attention=SdpaAttention if core_attention == "sdpa" else DotProductAttention,
                    linear_proj=RowParallelLinear,
                    q_layernorm=IdentityOp,
                    k_layernorm=IdentityOp,
                ),
            ),
            self_attn_bda=get_bias_dropout_add,
            pre_mlp_layernorm=RMSNorm,
            mlp=partial(
                MLP.as_mlp_submodule,
                submodules=MLPSubmodules(linear_fc1=ColumnParallelLinear, linear_fc2=RowParallelLinear),
            ),
            mlp_bda=get_bias_dropout_add,
        ),
    )
    return TransformerBlockSubmodules(
        layer_specs=[layer] * get_num_layers_to_build(config), layer_norm=RMSNorm
    )


def build(
    model: ModelConfig,
    *,
    compute: ComputeConfig | None = None,
    parallel: ParallelConfig | None = None,
    device: torch.device | None = None,
) -> GPTModel:
    """The rank's part of the model, its weights not yet drawn: `initialise` or a checkpoint fills them.

    By default whole, in float32 and on the CPU. Call it inside `ncvc.train.ranks.alone()` or
    `started_by_torchrun()`. `forward(tokens, position_ids, None)` gives logits [batch, sequence, vocabulary];
    with `labels=` it gives the loss of each token [batch, sequence].
    """
    compute = compute or ComputeConfig(dtype="float32")
    parallel = parallel or ParallelConfig()
    device = device or torch.device("cpu")
    config = transformer_config(model, compute, parallel, device)
    groups = ProcessGroupCollection.use_mpu_process_groups()
    gpt = GPTModel(
        config,
        layers(config, compute.core_attention),
        vocab_size=model.vocab_size,
        max_sequence_length=model.max_position_embeddings,
        pre_process=groups.pp.rank() == 0,
        post_process=groups.pp.rank() == groups.pp.size() - 1,
        position_embedding_type="rope",
        rotary_base=model.rotary_base,
        share_embeddings_and_output_weights=False,
        pg_collection=groups,
    )
    if gpt.pre_process:
        # "Scaled embedding" ("Spike no more", arXiv 2312.16903): GPTModel has no field for it.
        scale = math.sqrt(model.hidden_size)
        gpt.embedding.word_embeddings.register_forward_hook(lambda module, ids, output: output * scale)
    return gpt.to(device)


def initial_std(name: str, model: ModelConfig) -> float:
    """Standard deviation of a weight's normal distribution at the start (technical report 2.3)."""
    small = math.sqrt(2 / (5 * model.hidden_size))
    if name == "output_layer.weight":
        return math.sqrt(2 / (model.vocab_size + model.hidden_size))  # Xavier
    if name.endswith((".linear_proj.weight", ".linear_fc2.weight")):
        return small / math.sqrt(2 * model.num_layers)
    return small


@torch.no_grad()
def initialise(gpt: GPTModel, model: ModelConfig, seed: int) -> None:
    """Draws the weights by `seed` and name, however the ranks share them; norms begin at 1."""
    for shard in shards(gpt):
        if shard.parameter.dim() == 1:
            shard.parameter.fill_(1.0)
            continue
        digest = hashlib.sha256(f"{seed}/{shard.name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
        whole = torch.empty(shard.shape).normal_(0.0, initial_std(shard.name, model), generator=generator)
        shard.parameter.copy_(whole[shard.box])
