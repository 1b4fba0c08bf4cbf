"""Lets a model compute whose weights do not fit in memory: each is read when its module computes, and dropped after.

The modules are the engine's own, and so is the way of the numbers through them; only the time at which a parameter
has its storage differs. The memory needed is that of the largest weight, and of the activations.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from ncvc.convert.memory import give_back_memory


@contextlib.contextmanager
def streamed(
    model: nn.Module, read: Callable[[str], Tensor], borrowed: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Gives each module its parameters, from `read(name)` in float32, for the time of its own forward pass.

    `borrowed`: a module that computes with another one's parameter → that parameter's name. Outside of forward passes
    every parameter is empty, afterwards too.
    """
    give_back_memory()
    names = {parameter: name for name, parameter in model.named_parameters()}
    users = {module: list(module.parameters(recurse=False)) for module in model.modules()}
    for user, name in (borrowed or {}).items():
        users[model.get_submodule(user)].append(model.get_parameter(name))
    _drop(list(names))
    hooks = []
    for module, parameters in users.items():
        if parameters:
            hooks.append(module.register_forward_pre_hook(partial(_load, parameters, names, read)))
            hooks.append(module.register_forward_hook(partial(_drop, parameters)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _load(
    parameters: list[nn.Parameter], names: dict[nn.Parameter, str], read: Callable[[str], Tensor], *_: Any
) -> None:
    for parameter in parameters:
        parameter.data = read(names[parameter])


def _drop(parameters: list[nn.Parameter], *_: Any) -> None:
    for parameter in parameters:
        parameter.data = torch.empty(0)


def without_weights(config: PretrainedConfig) -> PreTrainedModel:
    """A model of transformers in float32, with parameters on the meta device and buffers on the CPU."""
    logging.set_verbosity_error()
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(
            # Given, so that no config can name kernels to be downloaded.
            config, dtype=torch.float32, attn_implementation="sdpa", trust_remote_code=False
        )  # fmt: skip
    for name, module in list(model.named_modules()):
        if any(buffer.is_meta for buffer in module.buffers(recurse=False)):  # RoPE's frequencies
            model.set_submodule(name, type(module)(config=config))
    return model.eval()


def transformers_logits(model: PreTrainedModel, ids: Tensor, read: Callable[[str], Tensor]) -> Tensor:
    """Logits [batch, length, V] of a model of `without_weights`, whose weights `read(name)` gives in float32."""
    take_off_meta(model, lambda _: torch.empty(0))
    with torch.no_grad(), streamed(model, read):
        logits: Tensor = model(ids, use_cache=False).logits
    return logits


def take_off_meta(model: nn.Module, made_of: Callable[[nn.Parameter], Tensor]) -> None:
    """Replaces parameters on the meta device by those that `made_of` gives on the CPU; ties stay."""
    made: dict[nn.Parameter, nn.Parameter] = {}
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            own = made.setdefault(parameter, nn.Parameter(made_of(parameter), requires_grad=False))
            module.register_parameter(name, own)
