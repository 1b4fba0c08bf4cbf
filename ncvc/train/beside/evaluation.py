"""Benchmarks at a checkpoint, beside the training: `ncvc evaluate`, and its scores in log.jsonl and TensorBoard."""

import sys
import time
from pathlib import Path

from ncvc.files import read_json
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import append_event


def evaluation_command(config: TrainConfig, checkpoint: Path, output: Path) -> list[str]:
    """Returns the command that measures a checkpoint and writes the folder `output`."""
    settings = config.evaluation
    assert settings is not None
    command = [sys.executable, "-m", "ncvc", "evaluate", str(checkpoint), "--output", str(output), "--quiet"]
    command += ["--suite", settings.suite, "--data", settings.data, "--likelihood", settings.likelihood]
    command += ["--max-new-tokens", str(settings.max_new_tokens), "--tokenizer", config.data.tokenizer]
    return command + (["--limit", str(settings.limit)] if settings.limit else [])


def record_scores(config: TrainConfig, step: int, output: Path) -> None:
    """Appends an event `evaluation` with the main score of each task, and the same to TensorBoard."""
    tasks = read_json(output / "scores.json")["models"][0]["tasks"]
    scores = {name: found["scores"][found["main"]]["value"] for name, found in tasks.items()}
    append_event(config.folder, "evaluation", step=step, scores=scores)
    if config.logging.tensorboard:
        _to_tensorboard(config.folder / "tensorboard", step, scores)


def _to_tensorboard(folder: Path, step: int, scores: dict[str, float]) -> None:
    """Writes one file of events, without torch, which the launcher does not import."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    values = [Summary.Value(tag=f"evaluation/{name}", simple_value=score) for name, score in scores.items()]
    writer = EventFileWriter(str(folder), filename_suffix=f".evaluation-{step}")
    writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
    writer.close()
