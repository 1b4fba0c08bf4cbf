"""Loads a model of any kind; torch is imported only here, and only for those that need it."""

from pathlib import Path

from ncvc.evaluate.engine import EvaluationEngine, Settings
from ncvc.evaluate.models import Model
from ncvc.progress import Reporter


def open_engine(
    model: Model,
    settings: Settings,
    converted: Path,
    device: str,
    batch_size: int,
    tokenizer: Path | None,
    key_file: Path | None,
    reporter: Reporter,
) -> EvaluationEngine:
    """Loads a model; a checkpoint is converted into the folder `converted` first.

    Raises an `NcvcError` for what is damaged or not installed.
    """
    if model.kind == "server":
        from ncvc.evaluate.server import ServerEngine

        return ServerEngine(model.given, settings, key_file)
    from ncvc.evaluate.local import LocalEngine

    if model.kind != "checkpoint":
        return LocalEngine(model.path, settings, device, batch_size)
    from ncvc.convert.export import to_huggingface

    # A whole folder is there already when an evaluation goes on.
    folder = converted / model.slug
    if not folder.is_dir():
        to_huggingface(model.path, folder, tokenizer=tokenizer, reporter=reporter)
    return LocalEngine(folder, settings, device, batch_size)
