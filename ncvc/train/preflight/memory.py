"""How much memory of a GPU a training takes, part by part, from the config alone.

Weights, gradients and optimizer are counted; activations are what torch's autograd keeps of a micro-batch
between its forward and its backward pass, kernel by kernel as they run on a GPU (`layer_activations` is the
table). Nothing here was read off a GPU: the tests compare every term with what autograd keeps of
megatron-core's own model, on CUDA tensors without storage.
"""

from dataclasses import dataclass

from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import layer_parameters

RESERVED = 2**30
"""Bytes that torch's account does not show: CUDA's context, the libraries' kernels, nccl's buffers. An assumption;
0.5 to 1.5 GiB are usual."""


@dataclass(frozen=True)
class Memory:
    """Bytes of one GPU, by part, at the moment when most are in use."""

    weights: int
    gradients: int
    """The float32 sums; those of one matrix in `dtype` are in `working`."""
    optimizer: int
    """The float32 weights of a bfloat16 model and AdamW's two moments: this rank's share of them."""
    activations: int
    """Kept for the backward pass, but for the logits."""
    logits: int
    """Kept for the backward pass: the probabilities in float32."""
    working: int
    """What comes and goes, at its most: the logits in bfloat16 while the loss is computed, or a matrix's gradient."""
    reserved: int = RESERVED

    @property
    def total(self) -> int:
        """All of it."""
        return sum(vars(self).values())


@dataclass(frozen=True)
class Shares:
    """Into how many parts a rank's tensors are cut."""

    tensor: int
    """What tensor parallelism cuts: heads, inner features of the MLP, the vocabulary."""
    sequence: int
    """What only sequence parallelism cuts: norms, dropout, the residual stream."""

    @classmethod
    def of(cls, config: TrainConfig) -> "Shares":
        """As `parallel` says."""
        tensor = config.parallel.tensor_model_parallel_size
        return cls(tensor, tensor if config.parallel.sequence_parallel else 1)


def stage_parameters(model: ModelConfig, tensor: int, pipeline: int, stage: int) -> int:
    """Parameters that a rank of a pipeline stage (from 0) holds; megatron-core pads none of them."""
    matrices, norms = layer_parameters(model)
    count = model.num_layers // pipeline * (matrices // tensor + norms)
    vocabulary = model.vocab_size * model.hidden_size // tensor
    if stage == 0:
        count += vocabulary
    if stage == pipeline - 1:
        count += vocabulary + model.hidden_size
    return count


def layer_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes a token that one layer keeps for its backward pass on a GPU, by what they are.

    A tensor that two operations need is kept once, and stands where it is made. Attention is flash attention's but
    for `megatron`; in float32, which it does not know, torch takes another kernel and more memory. liger-kernel's
    parts keep the same, but for RoPE's cosines and sines: 8 bytes a feature of a head and token.
    """
    model, size = config.model, _bytes(config)
    stream = size * model.hidden_size / shares.sequence
    mask = model.hidden_size / shares.sequence if model.hidden_dropout else 0.0
    inner = size * model.ffn_hidden_size / shares.tensor
    terms = {
        "input of input_layernorm, a sum of the residual stream": stream,
        "root mean square of input_layernorm, float32": 4 / shares.sequence,
        "input of linear_qkv": stream,
        **_attention(config, shares),
        "input of linear_proj, the attention's output": size * model.hidden_size / shares.tensor,
        "mask of the attention branch's dropout, a byte a feature": mask,
        "input of pre_mlp_layernorm, a sum of the residual stream": stream,
        "root mean square of pre_mlp_layernorm, float32": 4 / shares.sequence,
        "input of linear_fc1": stream,
        "input of SiLU": inner,
        "input of linear_fc2": inner,
        "mask of the MLP branch's dropout, a byte a feature": mask,
        # Turns of query and key: a row a position, whatever the micro-batch.
        ROPE: 4 * size * model.kv_channels / config.schedule.micro_batch_size,
    }
    for module in config.compute.recompute_modules or ():
        for name in RECOMPUTED.get(module, ()):
            terms[name] = 0.0
    return terms


ROPE = "RoPE's cosines and sines"
RECOMPUTED = {
    "layernorm": (
        "root mean square of input_layernorm, float32",
        "input of linear_qkv",
        "root mean square of pre_mlp_layernorm, float32",
        "input of linear_fc1",
    ),
    "mlp": ("input of SiLU", "input of linear_fc2"),
}
"""What `recompute_modules` leaves out of a layer; core attention's are in `_attention`."""


def _attention(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """The part of core attention in `layer_activations`."""
    model, size = config.model, _bytes(config)
    query = size * model.hidden_size / shares.tensor
    key = size * model.num_query_groups * model.kv_channels / shares.tensor
    heads = model.num_attention_heads / shares.tensor
    again = "core_attn" in (config.compute.recompute_modules or ())
    if again or config.compute.core_attention != "megatron":
        return {
            "query after RoPE": query,
            "key after RoPE": key,
            "output of linear_qkv, kept whole because the value is a part of it": query + 2 * key,
            "log of the softmax's sums, float32": 0.0 if again else 4 * heads,
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
    """Bytes a token that the layers of a stage keep, and what is made again at a time beside all of it."""
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
    # The layers that keep all come last, and have gone when the first one is made again.
    return together * stream + (count - together) * layer, layer if together == count else 0.0


def first_stage_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes a token that the embedding keeps."""
    model = config.model
    return {
        "ids": 8.0,
        "mask of the ids that another rank has": 1.0 if shares.tensor > 1 else 0.0,
        "mask of the embedding's dropout": model.hidden_size / shares.sequence if model.hidden_dropout else 0.0,
    }


def last_stage_activations(config: TrainConfig, shares: Shares) -> dict[str, float]:
    """Bytes a token that the final norm and the loss keep, but for the logits."""
    stream = _bytes(config) * config.model.hidden_size / shares.sequence
    return {
        "input of final_layernorm": stream,
        "root mean square of final_layernorm, float32": 4 / shares.sequence,
        "input of output_layer": stream,
        "labels": 8.0,
        "mask of the labels that another rank has": 1.0,
    }


def logits(config: TrainConfig, shares: Shares) -> float:
    """Bytes a token of the probabilities, which the loss keeps in float32."""
    return 4 * config.model.vocab_size / shares.tensor


def estimate(config: TrainConfig, data_parallel_size: int, stage: int = 0) -> Memory:
    """Memory of a GPU of one pipeline stage (from 0)."""
    parallel, schedule = config.parallel, config.schedule
    pipeline = parallel.pipeline_model_parallel_size
    shares = Shares.of(config)
    count = stage_parameters(config.model, shares.tensor, pipeline, stage)
    master = 4 if config.compute.dtype == "bfloat16" else 0  # a float32 model needs no other float32 weights
    tokens = schedule.micro_batch_size * config.data.sequence_length
    # A stage goes on with new micro-batches until the first one's gradient comes back from the last stage.
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
        optimizer=(master + 8) * count // data_parallel_size,
        activations=round(waiting * tokens * kept),
        logits=round(waiting * tokens * logits(config, shares)) if last else 0,
        working=_working(config, shares, tokens, again, last=last),
    )


def _working(config: TrainConfig, shares: Shares, tokens: int, again: float, *, last: bool) -> int:
    """The most that comes and goes while all that is kept is still there; `again` is of `_layers`."""
    model, size = config.model, _bytes(config)
    # The backward pass of the last layer: what it makes again, gradients of both sides of SiLU, of the stream and of
    # a matrix.
    stream = size * model.hidden_size / shares.sequence
    inner = size * model.ffn_hidden_size / shares.tensor
    layer = tokens * (again + 2 * inner + 2 * stream) + size * model.hidden_size * model.ffn_hidden_size / shares.tensor
    if not last:
        return round(layer)
    vocabulary = model.vocab_size / shares.tensor
    # The loss: logits in bfloat16 beside those in float32, forwards, and their gradients, backwards.
    loss = tokens * size * vocabulary if size == 2 else 0
    # The head and the last layer, when the probabilities have gone: counted from what they leave behind.
    head = tokens * (size * vocabulary + stream) + size * model.hidden_size * vocabulary
    gone = tokens * 4 * vocabulary
    return round(max(loss, head - gone, layer - gone))


def fullest(config: TrainConfig, data_parallel_size: int) -> tuple[int, Memory]:
    """The pipeline stage whose GPUs hold the most, and what they hold."""
    stages = range(config.parallel.pipeline_model_parallel_size)
    return max(
        ((stage, estimate(config, data_parallel_size, stage)) for stage in stages), key=lambda item: item[1].total
    )


def with_micro_batch(config: TrainConfig, size: int) -> TrainConfig:
    """The config with another micro-batch."""
    return config.model_copy(update={"schedule": config.schedule.model_copy(update={"micro_batch_size": size})})


def largest_micro_batch(config: TrainConfig, data_parallel_size: int, capacity: int) -> int | None:
    """The most samples at a time that fit into `capacity` bytes and divide the batch; None if not even one does."""
    own = config.schedule.global_batch_size // data_parallel_size
    fitting = [
        size
        for size in range(1, own + 1)
        if own % size == 0 and fullest(with_micro_batch(config, size), data_parallel_size)[1].total <= capacity
    ]
    return max(fitting, default=None)


def _bytes(config: TrainConfig) -> int:
    """Of a weight and of an activation."""
    return 2 if config.compute.dtype == "bfloat16" else 4
