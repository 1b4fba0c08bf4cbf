"""megatron-core's GPTModel with every submodule given explicitly; by default the papers' (technical report 2.3).

megatron-core's defaults take other submodules if TransformerEngine or anything called apex can be imported, so that the
model would depend on the machine.
"""

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
from megatron.core.transformer.attention import SelfAttention, SelfAttentionSubmodules
from megatron.core.transformer.dot_product_attention import DotProductAttention
from megatron.core.transformer.enums import AttnMaskType
from megatron.core.transformer.identity_op import IdentityOp
from megatron.core.transformer.mlp import MLP, MLPSubmodules
from megatron.core.transformer.spec_utils import ModuleSpec
from megatron.core.transformer.transformer_block import (
    TransformerBlockSubmodules,
    get_num_layers_to_build,
)
from megatron.core.transformer.transformer_config import TransformerConfig
from megatron.core.transformer.transformer_layer import TransformerLayer, TransformerLayerSubmodules

from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.gated_mlp import GatedMLP
from ncvc.model.initial_std import initial_std
from ncvc.model.kernels.attention import FlashAttention, SdpaAttention
from ncvc.model.kernels.cross_entropy import BlockedCrossEntropy, LigerCrossEntropy
from ncvc.model.kernels.linear import use_torch
from ncvc.model.kernels.norm import LigerResidualRMSNorm, LigerRMSNorm, RMSNorm
from ncvc.model.kernels.rope import LigerRopeSelfAttention
from ncvc.model.kernels.select import Kernels, choose
from ncvc.model.rope_scaling import scaled
from ncvc.model.sharding import parameter_shards


def transformer_config(
    model: ModelConfig, compute: ComputeConfig, parallel: ParallelConfig, kernels: Kernels
) -> TransformerConfig:
    """Translates the config into megatron-core's."""
    dtype = getattr(torch, compute.dtype)
    loss, gradients = kernels.cross_entropy.form, kernels.weight_gradients.form
    return TransformerConfig(
        num_layers=model.num_layers,
        hidden_size=model.hidden_size,
        ffn_hidden_size=model.ffn_hidden_size,
        num_attention_heads=model.num_attention_heads,
        num_query_groups=model.num_query_groups,
        kv_channels=model.kv_channels,
        normalization="RMSNorm",
        layernorm_epsilon=model.layernorm_epsilon,
        hidden_dropout=model.hidden_dropout,
        attention_dropout=model.attention_dropout,
        # GatedMLP has the gate, in an order of rows that tensor parallelism splits like any other matrix.
        gated_linear_unit=False,
        activation_func=F.silu,
        add_bias_linear=False,
        add_qkv_bias=model.add_qkv_bias,
        qk_layernorm=model.qk_layernorm,
        # `initialise` draws the weights, on the CPU, so that they are the same on every device.
        perform_initialization=False,
        use_cpu_initialization=True,
        bf16=dtype == torch.bfloat16,
        params_dtype=dtype,
        pipeline_dtype=dtype,
        tensor_model_parallel_size=parallel.tensor_model_parallel_size,
        pipeline_model_parallel_size=parallel.pipeline_model_parallel_size,
        sequence_parallel=parallel.sequence_parallel,
        bias_dropout_fusion=kernels.bias_dropout.form == "compiled",
        cross_entropy_loss_fusion=loss in ("native", "te"),
        cross_entropy_fusion_impl="te" if loss == "te" else "native",
        # TransformerEngine's; liger-kernel's come as modules.
        apply_rope_fusion=kernels.rope.form == "transformer_engine",
        fused_residual_rmsnorm=kernels.norm.form == "transformer_engine",
        gradient_accumulation_fusion=gradients != "rounded",
        deterministic_mode=compute.deterministic_mode,
        fp8=compute.fp8,
        # Scaled by the present maximum, since a history of maxima would have to be in the checkpoints.
        fp8_recipe="tensorwise",
        recompute_granularity=compute.recompute_granularity,
        recompute_method=compute.recompute_method,
        recompute_num_layers=compute.recompute_num_layers,
        recompute_modules=compute.recompute_modules and list(compute.recompute_modules),
        # megatron-core refuses it for SiLU without a gate.
        bias_activation_fusion=False,
        # These need extensions of apex.
        persist_layer_norm=False,
        masked_softmax_fusion=False,
    )


def layers(config: TransformerConfig, model: ModelConfig, kernels: Kernels) -> TransformerBlockSubmodules:
    """Specifies the pre-norm layers of this rank: RMSNorm, attention, RMSNorm, MLP."""
    column, row = linears(kernels)
    norm, final_norm = norms(kernels)
    head_norm = final_norm if model.qk_layernorm else IdentityOp
    mlp = GatedMLP if model.gated_linear_unit else MLP
    layer = ModuleSpec(
        module=TransformerLayer,
        submodules=TransformerLayerSubmodules(
            input_layernorm=norm,
            self_attention=ModuleSpec(
                module=LigerRopeSelfAttention if kernels.rope.form == "liger" else SelfAttention,
                params={"attn_mask_type": AttnMaskType.causal},
                submodules=SelfAttentionSubmodules(
                    linear_qkv=column,
                    core_attention=core_attention(kernels),
                    linear_proj=row,
                    q_layernorm=head_norm,
                    k_layernorm=head_norm,
                ),
            ),
            self_attn_bda=get_bias_dropout_add,
            pre_mlp_layernorm=norm,
            mlp=partial(mlp.as_mlp_submodule, submodules=MLPSubmodules(linear_fc1=column, linear_fc2=row)),
            mlp_bda=get_bias_dropout_add,
        ),
    )
    return TransformerBlockSubmodules(layer_specs=[layer] * get_num_layers_to_build(config), layer_norm=final_norm)


def core_attention(kernels: Kernels) -> Any:
    """Module of core attention: the softmax and both products."""
    match kernels.attention.form:
        case "sdpa":
            return SdpaAttention
        case "flash_attn":
            return FlashAttention
        case "transformer_engine":
            from megatron.core.extensions.transformer_engine import TEDotProductAttention

            return TEDotProductAttention
        case _:
            return DotProductAttention


def linears(kernels: Kernels) -> tuple[Any, Any]:
    """Modules of linear layers that tensor parallelism splits by columns, and by rows.

    TransformerEngine's are those without a norm inside, so that the weights keep their names.
    """
    if kernels.linear.form == "transformer_engine":
        from megatron.core.extensions.transformer_engine import TEColumnParallelLinear, TERowParallelLinear

        return TEColumnParallelLinear, TERowParallelLinear
    return ColumnParallelLinear, RowParallelLinear


def norms(kernels: Kernels) -> tuple[Any, Any]:
    """Modules of the norms in the layers, and of the final one, which has no residual beside it."""
    if kernels.norm.form == "transformer_engine":
        from megatron.core.extensions.transformer_engine import TENorm

        return partial(TENorm, has_residual=True), TENorm
    if kernels.norm.form == "liger":
        return LigerResidualRMSNorm, LigerRMSNorm
    return RMSNorm, RMSNorm


def build(
    model: ModelConfig,
    *,
    compute: ComputeConfig | None = None,
    parallel: ParallelConfig | None = None,
    device: torch.device | None = None,
) -> GPTModel:
    """Builds this rank's shard of the model, without weights: `initialise` or a checkpoint fills them.

    By default the whole model, in float32 on the CPU. Call it inside `ncvc.model.parallel.single_process()` or
    `started_by_torchrun()`. `forward(tokens, position_ids, None)` returns logits [batch, sequence, vocabulary]; with
    `labels=` it returns the loss of each token [batch, sequence].
    """
    compute = compute or ComputeConfig(dtype="float32")
    parallel = parallel or ParallelConfig()
    device = device or torch.device("cpu")
    kernels = choose(compute, model, device, parallel.tensor_model_parallel_size)
    if kernels.weight_gradients.form == "torch":
        use_torch()
    config = transformer_config(model, compute, parallel, kernels)
    groups = ProcessGroupCollection.use_mpu_process_groups()
    gpt = GPTModel(
        config,
        layers(config, model, kernels),
        vocab_size=model.vocab_size,
        max_sequence_length=model.max_position_embeddings,
        pre_process=groups.pp.rank() == 0,
        post_process=groups.pp.rank() == groups.pp.size() - 1,
        position_embedding_type="rope",
        rotary_base=model.rotary_base,
        share_embeddings_and_output_weights=model.share_embeddings_and_output_weights,
        pg_collection=groups,
    )
    gpt.rotary_pos_emb.inv_freq = scaled(gpt.rotary_pos_emb.inv_freq, model)
    if gpt.pre_process and model.scale_embedding:
        # "Scaled embedding" ("Spike no more", arXiv 2312.16903): GPTModel has no field for it.
        scale = math.sqrt(model.hidden_size)
        gpt.embedding.word_embeddings.register_forward_hook(lambda module, ids, output: output * scale)
        # It takes the residual branches' probability.
        gpt.embedding.embedding_dropout.p = model.dropout_after_embedding
    if kernels.cross_entropy.form == "liger":
        gpt.compute_language_model_loss = LigerCrossEntropy(groups.tp)
    elif kernels.cross_entropy.form == "blocked":
        gpt.compute_language_model_loss = BlockedCrossEntropy()
    return gpt.to(device, config.params_dtype)  # megatron-core makes the norms' weights in float32


@torch.no_grad()
def initialise(gpt: GPTModel, model: ModelConfig, seed: int) -> None:
    """Draws the weights by `seed` and name, independent of the parallel layout; norms are 1, biases 0."""
    for shard in parameter_shards(gpt):
        if shard.parameter.dim() == 1:
            shard.parameter.fill_(0.0 if shard.name.endswith(".bias") else 1.0)
            continue
        digest = hashlib.sha256(f"{seed}/{shard.name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
        whole = torch.empty(shard.shape).normal_(0.0, initial_std(shard.name, model), generator=generator)
        shard.parameter.copy_(whole[shard.box])
