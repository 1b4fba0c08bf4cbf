"""Small data, trainings on one and two ranks, and the model once more in plain PyTorch."""

import contextlib
import math
import os
import socket
import traceback

import numpy as np
import pytest
import torch
import torch.multiprocessing
import torch.nn.functional as F  # noqa: N812

LAYOUTS = pytest.mark.parametrize(
    "parallel",
    [{}, {"tensor_model_parallel_size": 2, "sequence_parallel": True}, {"pipeline_model_parallel_size": 2}],
    ids=["data", "tensor+sequence", "pipeline"],
)
"""Two ranks in each way."""

VOCABULARY = 64
END_OF_TEXT = 2
SMALL = {  # a model
    "num_layers": 2,
    "hidden_size": 32,
    "ffn_hidden_size": 64,
    "num_attention_heads": 4,
    "num_query_groups": 2,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 32,
}


def write_dataset(prefix, documents, dtype=np.uint16):
    """A dataset as megatron-core itself writes it."""
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    prefix.parent.mkdir(parents=True, exist_ok=True)
    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=dtype)
    for document in documents:
        builder.add_document(torch.tensor(document), [len(document)])
    builder.finalize(f"{prefix}.idx")


def made_up_documents(count=120, seed=0):
    """Each token is 7 times the one before plus 0–3: the unigrams are almost even, the bigrams are not."""
    random = np.random.default_rng(seed)
    documents = []
    for _ in range(count):
        document = [int(random.integers(4, VOCABULARY))]
        for noise in random.integers(0, 4, int(random.integers(20, 120))):
            document.append(4 + (document[-1] * 7 + int(noise)) % (VOCABULARY - 4))
        documents.append([*document, END_OF_TEXT])
    return documents


class StopAfter:
    """A request to stop that comes in a given step, while it is computed."""

    def __init__(self, steps):
        from ncvc.train import loop

        self.made = False
        self.left = steps
        self.original = loop.forward_backward

    def __enter__(self):
        from ncvc.train import loop

        def counted(training, samples, stop):
            self.left -= 1
            self.made = self.left <= 0
            return self.original(training, samples, stop)

        loop.forward_backward = counted
        return self

    def __exit__(self, *_):
        from ncvc.train import loop

        loop.forward_backward = self.original


def train_alone(config, stop_after=None, changed=()):
    """Trains in this process, as the only rank."""
    from ncvc.model.parallel import single_process
    from ncvc.progress import reporter_on
    from ncvc.train.loop import train

    torch.set_num_threads(1)
    with single_process(config.seed) as ranks, StopAfter(stop_after or math.inf) as stop:
        train(config, ranks, stop, reporter_on("stdout"), frozenset(changed))


def train_as_rank(config, stop_after=None):
    """Trains in one of the processes of `pair`."""
    from ncvc.model.parallel import started_by_torchrun
    from ncvc.progress import reporter_on
    from ncvc.train.loop import train

    with started_by_torchrun(config.parallel, config.seed) as ranks:
        # Only one rank is asked; both must stop.
        asked = stop_after if stop_after and ranks.rank == 1 else math.inf
        with StopAfter(asked) as stop:
            train(config, ranks, stop, reporter_on("stdout"))


@contextlib.contextmanager
def poisoned(faults):
    """Spoils the gradients of some steps, {step: factor}, after the backward pass; a factor may be nan.

    On the last rank only, as a broken card would: the others learn of it by what all ranks share.
    """
    from ncvc.train import loop

    original = loop.forward_backward

    def spoil(training, *rest):
        result = original(training, *rest)
        ranks = training.ranks
        if training.done + 1 in faults and ranks.rank == ranks.world_size - 1:
            for buffer in training.model.buffers:
                buffer.grad_data.mul_(faults[training.done + 1])
        return result

    loop.forward_backward = spoil
    try:
        yield
    finally:
        loop.forward_backward = original


def train_poisoned(config, faults, stop_after=None):
    """Trains with `poisoned` steps: alone, or in one of the processes of `pair`."""
    with poisoned(faults):
        (train_as_rank if "WORLD_SIZE" in os.environ else train_alone)(config, stop_after)


def refused_as_rank(configs):
    """What a rank says to its own of several configs; one of the processes of `pair`."""
    from ncvc.errors import ConfigError
    from ncvc.model.parallel import started_by_torchrun
    from ncvc.train.resolved_config import require_one_run

    with started_by_torchrun(configs[0].parallel, 0) as ranks:
        try:
            require_one_run(configs[ranks.rank])
        except ConfigError as error:
            return str(error)


def in_folders(folders, function, *arguments):
    """Calls `function` with each rank in a folder of its own, as on machines that share no storage."""
    with contextlib.chdir(folders[int(os.environ["RANK"])]):
        return function(*arguments)


def tensors(config, step):
    """Every tensor of a run's checkpoint, {name: tensor}; copies, since tests damage the files that are mapped."""
    from ncvc.checkpoint.manifest import checkpoint_folder
    from ncvc.checkpoint.reader import Checkpoint

    checkpoint = Checkpoint.open(checkpoint_folder(config.run, step))
    checkpoint.verify()
    return {name: checkpoint.tensor(name).clone() for name in checkpoint.names()}


def assert_same(first, second):
    """Both hold the same tensors, bit for bit."""
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def assert_learned_the_same(one, two):
    """Two runs of six steps learned the same but for rounding."""
    from ncvc.train.metrics.log import steps

    for first, second in zip(steps(one.folder), steps(two.folder), strict=True):
        assert first.loss == pytest.approx(second.loss, abs=2e-5)
        assert first.grad_norm == pytest.approx(second.grad_norm, abs=2e-4)
    first, second = tensors(one, 6), tensors(two, 6)
    for name in first:
        if not name.startswith("rng."):
            torch.testing.assert_close(first[name], second[name], atol=2e-4, rtol=1e-3)


def assert_two_ranks_learn_the_same(pair, one, two, stopped):
    """One rank and two learn the same but for rounding, and two that were stopped have the same bits."""
    train_alone(one)
    pair.run(train_as_rank, two)
    pair.run(train_as_rank, stopped, 3)
    pair.run(train_as_rank, stopped)
    assert_learned_the_same(one, two)
    assert_same(tensors(two, 6), tensors(stopped, 6))


def last_event(run):
    """The last thing that happened to a run, or None."""
    from ncvc.train.metrics.log import events

    return next(reversed(events(run)), None)


def _serve(rank, tasks, results):
    import ncvc.model.lazy_dynamo  # noqa: F401

    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
    while (task := tasks.get()) is not None:
        port, function, arguments = task
        os.environ["MASTER_PORT"] = str(port)
        try:
            results.put((rank, function(*arguments), None))
        except Exception:
            results.put((rank, None, traceback.format_exc()))


class Pair:
    """Two processes that run a function as ranks 0 and 1, one call after the other."""

    def __init__(self):
        context = torch.multiprocessing.get_context("spawn")
        self.tasks = [context.Queue() for _ in range(2)]
        self.results = context.Queue()
        self.processes = [
            context.Process(target=_serve, args=(rank, self.tasks[rank], self.results), daemon=True)
            for rank in range(2)
        ]
        for process in self.processes:
            process.start()

    def run(self, function, *arguments):
        """Calls `function` on both ranks; returns their two results."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for queue in self.tasks:
            queue.put((port, function, arguments))
        answers = sorted(self.results.get(timeout=300) for _ in range(2))
        for _, _, error in answers:
            assert error is None, error
        return [result for _, result, _ in answers]

    def close(self):
        for queue, process in zip(self.tasks, self.processes, strict=True):
            queue.put(None)
            process.join(30)


def plain_logits(weights, model, tokens):
    """The model in plain PyTorch: {Megatron's name: weight}, a ModelConfig, tokens [b, s] → logits [b, s, V].

    linear_qkv's rows are a group's query heads, then its key, then its value, group after group. RoPE turns
    feature i with feature i + half, as LLaMA does. The embedding's output is multiplied by √hidden_size.
    """
    batch, length = tokens.shape
    size, groups = model.kv_channels, model.num_query_groups
    heads = model.num_attention_heads
    frequencies = model.rotary_base ** -(torch.arange(0, size, 2) / size)
    angles = torch.outer(torch.arange(length), frequencies).repeat(1, 2)

    def turn(x):  # [b, heads, s, head size]
        first, second = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat([-second, first], dim=-1) * angles.sin()

    def norm(x, name):
        mean_square = x.pow(2).mean(-1, keepdim=True)
        return x * torch.rsqrt(mean_square + model.layernorm_epsilon) * weights[name]

    x = F.embedding(tokens, weights["embedding.word_embeddings.weight"]) * math.sqrt(model.hidden_size)
    for layer in range(model.num_layers):
        name = f"decoder.layers.{layer}."
        qkv = norm(x, name + "input_layernorm.weight") @ weights[name + "self_attention.linear_qkv.weight"].T
        qkv = qkv.view(batch, length, groups, heads // groups + 2, size)
        query = turn(qkv[:, :, :, :-2].reshape(batch, length, heads, size).transpose(1, 2))
        key = turn(qkv[:, :, :, -2].transpose(1, 2)).repeat_interleave(heads // groups, 1)
        value = qkv[:, :, :, -1].transpose(1, 2).repeat_interleave(heads // groups, 1)
        scores = query @ key.transpose(-1, -2) / math.sqrt(size)
        scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), float("-inf"))
        out = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = x + out @ weights[name + "self_attention.linear_proj.weight"].T
        hidden = norm(x, name + "pre_mlp_layernorm.weight") @ weights[name + "mlp.linear_fc1.weight"].T
        x = x + F.silu(hidden) @ weights[name + "mlp.linear_fc2.weight"].T
    return norm(x, "decoder.final_layernorm.weight") @ weights["output_layer.weight"].T
