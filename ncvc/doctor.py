"""Examines a machine: its hardware, the packages on it, what training would use, which commands can run.

Nothing heavy is imported: packages are known by their metadata, GPUs by the driver's own `nvidia-smi`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ncvc import __version__
from ncvc.machine import Machine, machine, slow_bfloat16
from ncvc.packages import Package, find, optional, required, requirements

CONFIGS = ("pydantic", "pyyaml")
MODELS = ("huggingface-hub", "numpy", "safetensors", "tokenizers", "torch", "transformers")
TRAINING = (*CONFIGS, "megatron-core", "numpy", "psutil", "safetensors", "tensorboard", "torch")
CONVERSION = (*CONFIGS, "megatron-core", *MODELS, "psutil", "sentencepiece")
PICTURES = (*MODELS, "matplotlib", "matplotlib-fontja", "pydantic")
TUNING = tuple(dict.fromkeys((*CONVERSION, "accelerate", "datasets", "peft", "tensorboard", "trl")))
SERVING = (*MODELS, "pydantic", "starlette", "uvicorn")
SYNTHESIS = (*CONFIGS, "httpx2", "jinja2", "tenacity")

NEEDS: dict[str, tuple[str, ...]] = {
    "bundle": ("packaging",),
    "checkpoint average": (*CONFIGS, "numpy", "safetensors", "torch"),
    "chat": MODELS,
    "clean": (),
    "convert": CONVERSION,
    "data check": ("pydantic",),
    "data drug-prices": (),
    "data igakuqa": ("pydantic",),
    "data jmed-llm": ("pydantic",),
    "data manbyo": (),
    "data oscar": CONFIGS,
    "data own": ("pydantic",),
    "data topics": (),
    "data web": CONFIGS,
    "data wiki40b": CONFIGS,
    "data wikipedia-dump": (*CONFIGS, "mwparserfromhell"),
    "demo": tuple(dict.fromkeys((*TUNING, *TRAINING, *SYNTHESIS, *SERVING, "ipadic", "matplotlib", "scikit-learn"))),
    "dictionary build": ("ipadic",),
    "dictionary show": (),
    "doctor": ("packaging",),
    "evaluate": (*MODELS, "pydantic"),
    "generate": MODELS,
    "init": CONFIGS,
    "inspect analogy": PICTURES,
    "inspect attention": PICTURES,
    "inspect canaries": (),
    "inspect diff": PICTURES,
    "inspect embeddings": (*PICTURES, "ipadic", "scikit-learn", "umap-learn"),
    "inspect knowledge": PICTURES,
    "inspect loss": (*CONFIGS, "matplotlib", "matplotlib-fontja", "numpy"),
    "inspect memorization": PICTURES,
    "inspect scores": (*CONFIGS, "matplotlib", "matplotlib-fontja", "numpy"),
    "inspect tokens": (),
    "inspect weights": tuple(name for name in PICTURES if name not in ("tokenizers", "transformers")),
    "preprocess": (*CONFIGS, "ipadic", "numpy"),
    "quality apply": ("numpy", "pydantic"),
    "quality embed": (*MODELS, "pydantic"),
    "quality fit": ("numpy", "pydantic", "scikit-learn"),
    "quality label": (*MODELS, "pydantic"),
    "recipe copy": CONFIGS,
    "recipe list": CONFIGS,
    "recipe run": CONFIGS,
    "recipe status": CONFIGS,
    "serve": SERVING,
    "split": (),
    "synthesize judge": (),
    "synthesize run": SYNTHESIS,
    "tokenizer train": ("pydantic", "sentencepiece"),
    "train plot": (*CONFIGS, "matplotlib", "numpy"),
    "train run": TRAINING,
    "train status": CONFIGS,
    "train tune": TRAINING,
    "tune": TUNING,
    "verify": (),
}
"""Distributions that a command uses with its default settings, besides click; what these need comes with them."""

EXTRAS = ("", "train", "hf", "serve", "tune", "quality", "synthesize", "inspect")
"""Extras of the package (`pip install 'ncvc[train]'`): each has all of those before, but `tune` nothing of `serve`,
`quality` and `inspect` those of `hf`, and `synthesize` nothing of any."""

OPTIONAL = {
    "unidic-lite": "a second base for dictionaries",
    "transformer-engine": "NVIDIA's fused layers",
    "flash-attn": "flash attention outside torch",
    "apex": "NVIDIA's fused optimizers and norms",
    "liger-kernel": "Triton kernels",
    "llama-cpp-python": "GGUF files run, compared and quantized by llama.cpp itself",
    "onnx": "ONNX files written (with onnxscript)",
    "onnxruntime": "ONNX files compared and run",
    "ray": "the corpus pass on many machines",
    "pypdfium2": "the text of PDF",
    "python-calamine": "the text of Excel",
    "mwparserfromhell": "the text of Wikipedia's dumps",
}
"""Distributions that no command needs, and their use."""


@dataclass(frozen=True)
class Command:
    """A command of `ncvc`; `missing` are the packages without which it cannot run, `install` is what adds them."""

    name: str
    missing: tuple[str, ...]
    install: str | None


@dataclass(frozen=True)
class Report:
    """The findings of `examine`."""

    ncvc: str
    machine: Machine
    bytecode: str
    packages: tuple[Package, ...]
    would_use: dict[str, str]
    commands: tuple[Command, ...]


def examine(commands: Sequence[str], folder: Path, path: Sequence[str] | None = None) -> Report:
    """Examines this machine and its packages.

    `commands` are names of commands, keys of `NEEDS`. Free disk space is asked for in `folder`; distributions are
    looked for in `path` (default: where Python looks).
    """
    path = list(sys.path if path is None else path)
    here = machine(folder)
    packages: dict[str, Package] = {}
    for extra in EXTRAS:
        for requirement in requirements(extra):
            if requirement.name not in packages:
                packages[requirement.name] = required(requirement, extra, path)
    for name, purpose in OPTIONAL.items():
        packages[name] = optional(name, purpose, path)
    return Report(
        ncvc=__version__,
        machine=here,
        bytecode=_bytecode(),
        packages=tuple(packages.values()),
        would_use=_choices(here, path),
        commands=tuple(_command(name, packages) for name in commands),
    )


def _bytecode() -> str:
    """Says whether Python keeps what it compiles: without that, each command compiles all of torch's Python again."""
    if sys.dont_write_bytecode:
        return "not kept: commands begin in twice the time; unset PYTHONDONTWRITEBYTECODE"
    return "kept"


def _choices(machine: Machine, path: list[str]) -> dict[str, str]:
    """Describes the hardware and kernels that training would run on."""
    torch = find("torch", path)
    if torch is None:
        return {"device": "none: torch is not installed"}
    built_for_cuda = Path(str(torch.locate_file("torch/lib/libtorch_cuda.so"))).exists()
    if machine.gpus and built_for_cuda:
        return {
            "device": f"cuda ({len(machine.gpus)} × {machine.gpus[0].name})",
            "distributed backend": "nccl",
            "attention": "torch scaled_dot_product_attention, flash kernel",
            "optimizer": "AdamW (torch, fused) in megatron-core's distributed optimizer",
        }
    reason = "no GPU" if not machine.gpus else "this torch is built without CUDA"
    return {
        "device": f"cpu ({reason})",
        "distributed backend": "gloo",
        "attention": "torch scaled_dot_product_attention",
        "optimizer": "AdamW (torch) in megatron-core's distributed optimizer",
        "products": slow_bfloat16() or "float32 and bfloat16",
    }


def _command(name: str, packages: dict[str, Package]) -> Command:
    missing = [packages[needed] for needed in NEEDS[name]]
    missing = [package for package in missing if not package.version or package.problem]
    if not missing:
        return Command(name, (), None)
    extra = max((package.extra for package in missing), key=EXTRAS.index)
    return Command(
        name, tuple(package.name for package in missing), f"pip install {f"'ncvc[{extra}]'" if extra else 'ncvc'}"
    )
