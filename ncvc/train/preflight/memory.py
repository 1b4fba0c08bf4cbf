"""Memory of a GPU that a training takes, part by part, from the config alone.

Weights, gradients and optimizer are counted; activations are the tensors that torch's autograd keeps of a micro-batch
between its forward and its backward pass, kernel by kernel as they run on a GPU (`layer_activations` is the table).
Nothing was measured on a GPU: the tests compare every term with the tensors that autograd keeps of megatron-core's own
model, on CUDA tensors without storage.
"""

from dataclasses import dataclass

from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import layer_parameters, muon_parameters

RESERVED = 2**30
"""Bytes outside of torch's allocator: CUDA's context, the libraries' kernels, nccl's buffers. An assumption; 0.5 to
1.5 GiB are usual."""


@dataclass(frozen=True)
class Memory:
    """Peak memory of one GPU by part, in bytes."""

    weights: int
    gradients: int
    """Float32 sums; the gradient of one matrix in `dtype` is in `working`."""
    optimizer: int
    """This rank's shard of AdamW's two moments, or Muon's one, and, for a bfloat16 model, of the float32 weights;
    and of their moving average."""
    activations: int
    """Tensors kept for the backward pass, without the logits."""
    logits: int
    """Probabilities in float32, kept for the backward pass."""
    working: int
    """Peak of temporary tensors: the logits in bfloat16 while the loss is computed, or a matrix's gradient."""
    reserved: int = RESERVED

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return sum(vars(self).values())


@dataclass(frozen=True)
class Shares:
    """Numbers of ranks that share tensors."""

    tensor: int
    """Ranks that share heads, inner features of the MLP and the vocabulary: tensor parallelism."""
    sequence: int
    """Ranks that share norms, dropout and the residual stream: sequence parallelism."""

    @classmethod
    def of(cls, config: TrainConfig) -> "Shares":
        """Reads the config's section `parallel`."""
        tensor = config.parallel.tensor_model_parallel_size
        return cls(tensor, tensor if config.parallel.sequence_parallel else 1)


def stage_parameters(model: ModelConfig, tensor: int, pipeline: int, stage: int) -> int:
    """Parameters of a rank of a pipeline stage (from 0); megatron-core pads none of them."""
    layer = layer_parameters(model)
    count = model.num_layers // pipeline * ((layer.matrices + layer.biases) // tensor + layer.norms)
    vocabulary = model.vocab_size * model.hidden_size // tensor
    if stage == 0:
        count += vocabulary
    if stage == pipeline - 1:
        count += model.hidden_size
        # A tied matrix is on both ends of a pipeline.
        if pipeline > 1 or not model.share_embeddings_and_output_weights:
            count += vocabulary
    return count


def layer_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes per token that one layer keeps for its backward pass on a GPU, by tensor.

    A tensor that two operations need is kept once, and listed where it is made. Attention is flash attention except for
    `megatron`; in float32, which flash attention lacks, torch takes another kernel and more memory. liger-kernel's
    kernels keep the same, except RoPE's cosines and sines: 8 bytes per feature of a head and token.
    """
    model, size = config.model, _bytes(config)
    stream = size * model.hidden_size / shares.sequence
    mask = model.hidden_size / shares.sequence if model.hidden_dropout else 0.0
    inner = size * model.ffn_hidden_size / shares.tensor
    terms = {
        "input of input_layernorm, a sum of the residual stream": stream,
        "root mean square of input_layernorm, float32": 4 / shares.sequence,
        "input of linear_qkv": stream,
        **_head_norms(config, shares),
        **_attention(config, shares),
        "input of linear_proj, the attention's output": size * model.query_size / shares.tensor,
        "mask of the attention branch's dropout, a byte a feature": mask,
        "input of pre_mlp_layernorm, a sum of the residual stream": stream,
        "root mean square of pre_mlp_layernorm, float32": 4 / shares.sequence,
        "input of linear_fc1": stream,
        **_mlp(model, inner),
        "mask of the MLP branch's dropout, a byte a feature": mask,
        # Angles of query and key: one row per position, whatever the micro-batch.
        ROPE: 4 * size * model.kv_channels / config.schedule.micro_batch_size,
    }
    for module in config.compute.recompute_modules or ():
        terms |= dict.fromkeys(terms.keys() & RECOMPUTED.get(module, ()), 0.0)
    return terms


def _mlp(model: ModelConfig, inner: float) -> dict[str, float]:
    """Terms of the MLP in `layer_activations`; `inner`: bytes of its inner features per token."""
    if not model.gated_linear_unit:
        return {"input of SiLU": inner, "input of linear_fc2": inner}
    return {"gates and values": 2 * inner, "gates after SiLU": inner, "input of linear_fc2": inner}


ROPE = "RoPE's cosines and sines"
RECOMPUTED = {
    "layernorm": (
        "root mean square of input_layernorm, float32",
        "input of linear_qkv",
        "root mean square of pre_mlp_layernorm, float32",
        "input of linear_fc1",
    ),
    "mlp": ("input of SiLU", "gates and values", "gates after SiLU", "input of linear_fc2"),
}
"""Tensors that `recompute_modules` drops from a layer; those of core attention are in `_attention`."""


def _head_norms(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Terms of q_layernorm and k_layernorm in `layer_activations`."""
    model = config.model
    if not model.qk_layernorm:
        return {}
    return {
        "input of q_layernorm, copied out of linear_qkv's output": _bytes(config) * model.query_size / shares.tensor,
        "root mean squares of q_layernorm, float32": 4 * model.num_attention_heads / shares.tensor,
        "root mean squares of k_layernorm, float32": 4 * model.num_query_groups / shares.tensor,
    }


def _attention(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Terms of core attention in `layer_activations`."""
    model, size = config.model, _bytes(config)
    query = size * model.query_size / shares.tensor
    key = size * model.key_size / shares.tensor
    heads = model.num_attention_heads / shares.tensor
    again = "core_attn" in (config.compute.recompute_modules or ())
    one_by_one = config.data.document_mask and config.compute.core_attention == "sdpa"
    if again or config.compute.core_attention != "megatron":
        return {
            "query after RoPE": query,
            "key after RoPE": key,
            "output of linear_qkv, kept whole because the value is a part of it": query + 2 * key,
            "log of the softmax's sums, float32": 0.0 if again else 4 * heads,
            **({"outputs of the documents, before they are joined": query} if one_by_one and not again else {}),
        }
    length = config.data.sequence_length
    return {
        "query after RoPE": query,
        "key, once for each query head": query,
        "value, once for each query head": query,
        "attention weights, float32": 4 * heads * length,
        "attention weights after dropout": size * heads * length,
        "mask of the attention weights' dropout": heads * length if model.attention_dropout else 0.0,
        "causal mask": length / config.schedule.micro_batch_size,
    }


def _layers(config: TrainConfig, shares: Shares) -> tuple[float, float]:
    """Bytes per token that the layers of a stage keep, and those recomputed at a time beside them."""
    compute = config.compute
    count = config.model.num_layers // config.parallel.pipeline_model_parallel_size
    layer = sum(layer_activations(config, shares).values())
    if compute.recompute_granularity != "full":
        plain = config.model_copy(update={"compute": compute.model_copy(update={"recompute_modules": None})})
        return count * layer, sum(layer_activations(plain, shares).values()) - layer
    stream = _bytes(config) * config.model.hidden_size / shares.sequence
    together = min(compute.recompute_num_layers or 1, count)
    if compute.recompute_method == "uniform":
        return -(-count // together) * stream, together * layer
    # Layers that keep everything come last, and are freed when the first one is recomputed.
    return together * stream + (count - together) * layer, layer if together == count else 0.0


def first_stage_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes per token that the embedding keeps."""
    model = config.model
    return {
        "ids": 8.0,
        "mask of the ids that another rank has": 1.0 if shares.tensor > 1 else 0.0,
        "mask of the embedding's dropout": model.hidden_size / shares.sequence
        if model.dropout_after_embedding
        else 0.0,
    }


def last_stage_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes per token that the final norm and the loss keep, without the logits."""
    stream = _bytes(config) * config.model.hidden_size / shares.sequence
    return {
        "input of final_layernorm": stream,
        "root mean square of final_layernorm, float32": 4 / shares.sequence,
        "input of output_layer": stream,
        "labels": 8.0,
        "mask of the labels that another rank has": 1.0,
    }


def logits(config: TrainConfig, shares: Shares) -> float:
    """Bytes per token of the probabilities, which the loss keeps in float32."""
    return 4 * config.model.vocab_size / shares.tensor


def estimate(config: TrainConfig, data_parallel_size: int, stage: int = 0) -> Memory:
    """Estimates the memory of a GPU of one pipeline stage (from 0)."""
    parallel, schedule = config.parallel, config.schedule
    pipeline = parallel.pipeline_model_parallel_size
    shares = Shares.of(config)
    count = stage_parameters(config.model, shares.tensor, pipeline, stage)
    muons = muon_parameters(config) // (shares.tensor * pipeline)
    master = 4 if config.compute.dtype == "bfloat16" else 0  # a float32 model needs no other float32 weights
    ema = 4 if config.optimizer.ema else 0
    tokens = schedule.micro_batch_size * config.data.sequence_length
    # A stage begins new micro-batches until the first one's gradient comes back from the last stage.
    waiting = min(pipeline - stage, schedule.global_batch_size // (schedule.micro_batch_size * data_parallel_size))
    kept, again = _layers(config, shares)
    last = stage == pipeline - 1
    if stage == 0:
        kept += sum(first_stage_activations(config, shares).values())
    if last:
        kept += sum(last_stage_activations(config, shares).values())
    else:
        kept += _bytes(config) * config.model.hidden_size / shares.sequence  # what was sent to the next stage
    return Memory(
        weights=_bytes(config) * count,
        gradients=4 * count,
        optimizer=((master + 8 + ema) * count - 4 * muons) // data_parallel_size,
        activations=round(waiting * tokens * kept),
        logits=round(waiting * tokens * logits(config, shares)) if last else 0,
        working=_working(config, shares, tokens, again, last=last),
    )


def _working(config: TrainConfig, shares: Shares, tokens: int, again: float, *, last: bool) -> int:
    """Peak bytes of temporary tensors beside the kept ones; `again`: recomputed bytes per token, of `_layers`."""
    model, size = config.model, _bytes(config)
    # Backward pass of the last layer: recomputed tensors, gradients of both sides of SiLU, of the stream and of a
    # matrix.
    stream = size * model.hidden_size / shares.sequence
    inner = size * model.ffn_hidden_size / shares.tensor
    sides = 4 if model.gated_linear_unit else 2
    fc1 = (2 if model.gated_linear_unit else 1) * model.hidden_size * model.ffn_hidden_size
    layer = tokens * (again + sides * inner + 2 * stream) + size * fc1 / shares.tensor
    if not last:
        return round(layer)
    vocabulary = model.vocab_size / shares.tensor
    # Loss: logits in bfloat16 beside those in float32, forwards, and their gradients, backwards.
    loss = tokens * size * vocabulary if size == 2 else 0
    # Head and last layer, after the probabilities are freed: less the bytes that these took.
    head = tokens * (size * vocabulary + stream) + size * model.hidden_size * vocabulary
    gone = tokens * 4 * vocabulary
    return round(max(loss, head - gone, layer - gone))


def fullest(config: TrainConfig, data_parallel_size: int) -> tuple[int, Memory]:
    """Finds the pipeline stage whose GPUs hold most, and estimates its memory at the longest sequences of the run."""
    config = with_length(config, config.longest_sequence)
    stages = range(config.parallel.pipeline_model_parallel_size)
    return max(
        ((stage, estimate(config, data_parallel_size, stage)) for stage in stages), key=lambda item: item[1].total
    )


def with_micro_batch(config: TrainConfig, size: int) -> TrainConfig:
    """Returns the config with another micro-batch size."""
    return config.model_copy(update={"schedule": config.schedule.model_copy(update={"micro_batch_size": size})})


def with_length(config: TrainConfig, length: int) -> TrainConfig:
    """Returns the config with sequences of one other length."""
    return config.model_copy(update={"data": config.data.model_copy(update={"sequence_length": length}), "stages": []})


def largest_micro_batch(config: TrainConfig, data_parallel_size: int, capacity: int) -> int | None:
    """Largest micro-batch that fits into `capacity` bytes and divides the batch; None if not even 1 fits."""
    own = config.schedule.global_batch_size // data_parallel_size
    fitting = [
        size
        for size in range(1, own + 1)
        if own % size == 0 and fullest(with_micro_batch(config, size), data_parallel_size)[1].total <= capacity
    ]
    return max(fitting, default=None)


def _bytes(config: TrainConfig) -> int:
    """Bytes of a weight and of an activation."""
    return 2 if config.compute.dtype == "bfloat16" else 4
