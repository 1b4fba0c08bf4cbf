"""The model to be tuned: loaded, with rows for new tokens, with adapters."""

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ncvc.errors import NcvcError
from ncvc.hf.load import DTYPES, load_model
from ncvc.tune.base import Base
from ncvc.tune.config import LoraConfig, TuneConfig
from ncvc.tune.four_bits import require_four_bits

_JOINT = ("query_key_value", "c_attn", "qkv_proj")
"""Names of one matrix of queries, keys and values in transformers' models."""


def load_for_tuning(base: Base) -> PreTrainedModel:
    """Loads the base's weights and adds rows for its new tokens.

    Weights that are trained are float32; those below adapters have the type of the products. Raises `NcvcError` where
    `qlora` has no GPU or no bitsandbytes, `ModelFolderError` for a folder that transformers cannot load.
    """
    config = base.config
    if config.method == "qlora":
        model = _load_in_4_bits(base)
    else:
        dtype = config.compute.dtype if config.adapters else "float32"
        model = load_model(base.folder.path, "cpu", dtype)
    if config.compute.attention_dropout is not None:
        _set_attention_dropout(model, config.compute.attention_dropout)
    add_rows(model, len(base.new_tokens), config.seed)
    return model


def add_rows(model: PreTrainedModel, count: int, seed: int) -> None:
    """Adds rows to embedding and head behind those that are there, which stay bit for bit.

    The new ones are the old ones' mean, with a little noise (transformers' `mean_resizing`): they neither attract nor
    repel what stands before them.
    """
    if not count:
        return
    embedding = model.get_input_embeddings()
    old = embedding.weight.shape[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.resize_token_embeddings(old + count)


def _set_attention_dropout(model: PreTrainedModel, dropout: float) -> None:
    """Sets the dropout of attention weights, which modules have read from the config when they were built."""
    model.config.attention_dropout = dropout
    for module in model.modules():
        current = getattr(module, "attention_dropout", None)
        if isinstance(current, float):
            module.attention_dropout = dropout
        elif isinstance(current, torch.nn.Dropout):
            current.p = dropout


def _load_in_4_bits(base: Base) -> PreTrainedModel:
    """QLoRA's form (arXiv 2305.14314): NF4 with double quantization."""
    require_four_bits()
    from peft import prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    config = base.config
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        base.folder.path,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=DTYPES[config.compute.dtype],
        ),
        device_map={"": torch.cuda.current_device()},
        attn_implementation="sdpa",
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
    )
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=config.compute.recompute)


def adapter_config(model: PreTrainedModel, config: TuneConfig, new_tokens: int) -> Any:
    """PEFT's config of the adapters; None where all weights are trained.

    New rows of embedding and head are no small change of old ones, so that with new tokens both are trained whole.
    """
    lora = config.adapters
    if lora is None:
        return None
    from peft import LoraConfig as PeftConfig

    saved = _vocabulary_modules(model) if new_tokens else None
    return PeftConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=target_names(model, lora),
        modules_to_save=saved,
        task_type="CAUSAL_LM",
    )


def target_names(model: PreTrainedModel, lora: LoraConfig) -> list[str]:
    """Last names of the matrices that get an adapter; raises `NcvcError` where there are none."""
    head = model.get_output_embeddings()
    matrices = {
        name.rsplit(".", 1)[-1]
        for name, module in model.named_modules()
        if hasattr(module, "in_features") and module is not head
    }
    match lora.targets:
        case "all":
            found = matrices
        case "attention":
            # PEFT's default: queries and values, or the one matrix of all three.
            found = matrices & {"q_proj", "v_proj"} or matrices & set(_JOINT)
        case names:
            found = matrices & set(names)
    if not found:
        known = ", ".join(sorted(matrices))
        raise NcvcError(f"lora.targets: the model has no such matrix; choose from {known}")
    return sorted(found)


def _vocabulary_modules(model: PreTrainedModel) -> list[str]:
    """Last names of the modules of embedding and head."""
    wanted = (model.get_input_embeddings(), model.get_output_embeddings())
    return [name.rsplit(".", 1)[-1] for name, module in model.named_modules() if any(module is own for own in wanted)]


def merged_weights(model: Any, base: Base) -> PreTrainedModel:
    """The model with its adapters, where it has any, in its weights.

    Weights in 4 bits are read again as they were before they were rounded, in float32 on the CPU.
    """
    if base.config.adapters is None:
        return model
    if base.config.method != "qlora":
        return model.merge_and_unload()
    from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

    whole = load_model(base.folder.path, "cpu", "float32")
    add_rows(whole, len(base.new_tokens), base.config.seed)
    adapted = get_peft_model(whole, model.peft_config["default"])
    set_peft_model_state_dict(adapted, {name: _cpu(part) for name, part in get_peft_model_state_dict(model).items()})
    return adapted.merge_and_unload()


def _cpu(tensor: Tensor) -> Tensor:
    return tensor.detach().float().cpu()
