"""`ncvc init`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ncvc.cli.options import FILE, Command, Console, answers

if TYPE_CHECKING:
    from ncvc.config import Config

NEXT = {
    "preprocess": "ncvc preprocess {file} --dry-run",
    "synthesize": "ncvc synthesize {file} --dry-run",
    "train": "ncvc train {file} --dry-run",
    "tune": "ncvc tune {file} --dry-run",
}
"""Kind of config → the command that checks it."""

HEAD = """\
# Config of `ncvc {kind}`: every key, and its default where it has one. A key with a default may be left out.
"""


@click.command(cls=Command, no_args_is_help=True)
@click.argument("kind", type=click.Choice(list(NEXT)))
@click.argument("file", type=FILE, required=False)
@answers
def init(kind: str, file: Path | None, console: Console) -> None:
    """Writes a config to start from: every key with its documentation and its default.

    KIND is the command that the config is for; FILE is KIND.yaml unless it is named. A file that is there already is
    left alone.

    \b
    Examples:
      ncvc init preprocess
      ncvc init train first.yaml
      ncvc init tune
    """
    from ncvc.errors import ConfigError
    from ncvc.files import whole_file

    file = file or Path(f"{kind}.yaml")
    text = HEAD.format(kind=kind) + _template(kind)
    if os.path.lexists(file):
        raise ConfigError(f"{file}: exists already; name another file")
    with whole_file(file) as partial:
        partial.write_text(text, encoding="utf-8")
        if os.path.lexists(file):
            raise ConfigError(f"{file}: was put there while it was written; name another file")
    following = NEXT[kind].format(file=file)
    console.close({"output": str(file), "next": following}, [f"written to {file}; edit it, then: {following}"])


def _template(kind: str) -> str:
    """Returns the keys of a kind's config, with examples where there is no default."""
    from ncvc.config_template import template

    if kind == "preprocess":
        from ncvc.corpus.config import PreprocessConfig

        sources = [{"name": "notes", "inputs": ["raw/"], "cleaning": {"clinical": True}}]
        return template(PreprocessConfig, {"sources": sources, "tokenizer": "tokenizer", "output": "tokens"})
    if kind == "synthesize":
        from ncvc.synthesize.config import SynthesizeConfig

        tasks = [{"name": "textbooks", "kind": "textbooks", "topics": ["topics/topics.jsonl"]}]
        writer = {"name": "local", "address": "http://127.0.0.1:8000/v1", "model": "my-model"}
        return template(SynthesizeConfig, {"tasks": tasks, "writers": [writer], "output": "synthesized"})
    if kind == "tune":
        from ncvc.tune.config import TuneConfig

        example = _required(TuneConfig, "tune/jmed-llm.yaml")
        example |= {"run": "runs/tuned", "base": "my-model", "output": "my-model-tuned"}
        example["data"]["train"] = ["questions/train.jsonl"]
        return template(TuneConfig, example)
    from ncvc.train.config import TrainConfig

    example = _required(TrainConfig, "ncvc-slm-1.yaml") | {"run": "runs/first"}
    example["data"]["prefixes"] = ["tokens/notes"]
    return template(TrainConfig, example)


def _required(config: "type[Config]", shipped: str) -> dict[str, Any]:
    """Returns the papers' values of the keys of a config's sections that have no default."""
    import yaml

    from ncvc.config import SHIPPED, Config

    papers: dict[str, Any] = yaml.safe_load((SHIPPED / shipped).read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for name, field in config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Config):
            required = [key for key, inner in section.model_fields.items() if inner.is_required()]
            found |= {name: {key: papers[name][key] for key in required}} if required else {}
    return found
