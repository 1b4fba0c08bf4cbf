"""megatron-core's model on CUDA tensors without storage: which tensors a GPU would keep, told without a GPU.

torch's autograd decides by the tensors' device what it computes and what it keeps for the backward pass; fake
tensors have a device and a size, and no bytes. So the papers' own model runs here in a second, on any number of
ranks, through torch's own process group that talks to nobody.
"""

import contextlib
from collections import Counter
from unittest import mock

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from megatron.core import parallel_state
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.tensor_parallel import random as megatron_random
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.testing._internal.distributed.fake_pg import FakeStore

from ncvc.model import gpt as gpt_model
from ncvc.model.kernels import attention, linear

CUDA = torch.device("cuda", 0)


class Generators:
    """Random generators that nothing is drawn from."""

    @contextlib.contextmanager
    def fork(self, name=None):
        """Keeps the states as they are."""
        yield


def flash_attention(query, key, value, dropout_p, is_causal, enable_gqa):
    """The kernel that torch takes for scaled_dot_product_attention on a GPU; the choice itself needs one."""
    return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value, dropout_p, is_causal)[0]


def without_storage(gpt, device, dtype):
    """`gpt.to`, which cannot move parameters without storage."""
    for module in gpt.modules():
        for name, old in list(module._parameters.items()):
            if old is not None:
                new = torch.nn.Parameter(torch.empty(tuple(old.shape), dtype=dtype, device=device))
                for attribute in vars(old).keys() - vars(new).keys():
                    setattr(new, attribute, getattr(old, attribute))
                module._parameters[name] = new
    return gpt


@contextlib.contextmanager
def as_rank(config, rank, world_size, device=CUDA):
    """The rank's part of the model, in training, on one of `world_size` GPUs that are not there.

    Autograd's engine refuses tensors of a GPU without its driver, so a backward pass needs `device` cpu; the kernels
    are chosen for a GPU all the same.
    """
    parallel = config.parallel
    dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=world_size)
    try:
        parallel_state.initialize_model_parallel(
            parallel.tensor_model_parallel_size,
            parallel.pipeline_model_parallel_size,
            create_gloo_process_groups=False,
        )
        with contextlib.ExitStack() as stack:
            stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
            for owner, name, value in (
                (torch.cuda, "current_device", lambda: device),
                (torch.cuda, "get_device_capability", lambda *_: (9, 0)),
                (torch.cuda, "get_device_name", lambda *_: "NVIDIA H100 80GB HBM3"),
                (megatron_random, "_CUDA_RNG_STATE_TRACKER", Generators()),
                (megatron_random, "_CUDA_RNG_STATE_TRACKER_INITIALIZED", True),
                (F, "scaled_dot_product_attention", flash_attention),
                (megatron_random, "activation_recompute_forward", lambda **_: contextlib.nullcontext()),
                (megatron_random, "_get_all_rng_states", lambda: ()),
                (linear, "works", lambda device: True),
                (attention, "sdpa_kernel", lambda *_, **__: contextlib.nullcontext()),
                (GPTModel, "to", lambda gpt, _, dtype: without_storage(gpt, device, dtype)),
            ):
                stack.enter_context(mock.patch.object(owner, name, value, create=True))
            yield gpt_model.build(config.model, compute=config.compute, parallel=parallel, device=CUDA).train()
    finally:
        parallel_state.destroy_model_parallel()
        dist.destroy_process_group()


def forward(gpt, config):
    """One micro-batch forwards; returns what came out, which holds on to what autograd keeps."""
    shape = (config.schedule.micro_batch_size, config.data.sequence_length)
    device = next(gpt.parameters()).device
    ids = torch.zeros(shape, dtype=torch.int64, device=device)
    if not gpt.pre_process:
        length = shape[1] // (config.parallel.tensor_model_parallel_size if config.parallel.sequence_parallel else 1)
        received = torch.zeros((length, shape[0], config.model.hidden_size), dtype=torch.bfloat16, device=device)
        gpt.set_input_tensor(received.requires_grad_())
    return gpt(ids, ids, None, labels=ids)


def kept(gpt, config, leave_out=()):
    """Bytes of each storage that autograd keeps of one forward pass → how many there are of that size.

    Without weights, and without what modules of the types `leave_out` keep.
    """
    seen = {id(storage): storage for storage in (parameter.untyped_storage() for parameter in gpt.parameters())}
    found = []
    inside = []

    def pack(tensor):
        storage = tensor.untyped_storage()
        # Single numbers are no activations, nor is a generator's state: two numbers of flash attention's.
        if id(storage) not in seen and tensor.numel() > 1 and tensor.dtype != torch.uint64:
            seen[id(storage)] = storage
            if not inside:
                found.append(storage)
        return tensor

    hooks = []
    for module in gpt.modules():
        if isinstance(module, leave_out):
            hooks.append(module.register_forward_pre_hook(lambda *_: inside.append(1)))
            hooks.append(module.register_forward_hook(lambda *_: inside.pop() and None))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = forward(gpt, config)
    for hook in hooks:
        hook.remove()
    del out
    # At the end, since what will be made again is given back after it was kept.
    return Counter(storage.nbytes() for storage in found if storage.nbytes())


def peak(gpt, config):
    """Bytes of weights and of activations while most are in use in a forward pass with its loss."""
    tracker = MemTracker()
    tracker.track_external(gpt)
    with tracker:
        forward(gpt, config)
        most = tracker.get_tracker_snapshot("peak")[CUDA]
    weights = sum(parameter.nbytes for parameter in gpt.parameters())
    return weights, most["Total"] - weights
