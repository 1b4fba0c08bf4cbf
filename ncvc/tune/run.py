"""A tuning from its config to the folder of the model."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ncvc.errors import ConfigError, NcvcError
from ncvc.files import whole_file
from ncvc.identity import first_difference
from ncvc.manifest import HUGGINGFACE, own_manifest
from ncvc.outputs import CONFIG_HEAD, require_output, require_run_folder, sealed_config
from ncvc.progress import Reporter
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.metrics.log import LOG, event_records
from ncvc.train.run_lock import held
from ncvc.tune import checkpoints
from ncvc.tune.config import TuneConfig
from ncvc.tune.prepare import BAD_ROWS, Prepared, write_bad_rows
from ncvc.tune.rows import SHOWN
from ncvc.yaml12 import dump

FREE = frozenset({"checkpoints", "logging", "output", "run", "compute.threads", "schedule.eval_interval"})
"""Settings that may differ when a run goes on: the results do not depend on them."""


def require_places(config: TuneConfig) -> None:
    """Refuses a run folder or an output that may not be written, before anything slow."""
    reads = [Path(config.base), *config.files]
    require_run_folder(config.folder, reads)
    kinds = [record.get("kind") for record in event_records(config.folder) if record["event"] == "started"]
    if kinds and kinds[0] != "tune":
        raise ConfigError(f"{config.run}: is the folder of a training, not of a tuning; name another folder as `run`")
    if is_finished(config):
        return
    if own_manifest(Path(config.output)) is not None:
        raise ConfigError(f"{config.output}: exists already; remove it, or name another with --set output=FOLDER")
    require_output(Path(config.output), HUGGINGFACE, reads=[*reads, config.folder], replace=False)


def is_finished(config: TuneConfig) -> bool:
    """Tells whether the run's last event is its end, and the model is there."""
    events = event_records(config.folder)
    return bool(events) and events[-1]["event"] == "finished" and own_manifest(Path(config.output)) is not None


def require_same_config(config: TuneConfig) -> None:
    """Raises `ConfigError` if the run in the folder, finished or not, was begun with another config."""
    if manifest := checkpoints.newest_manifest(config.folder):
        _require_same(config, manifest, {"config": _identity(config)})


def _require_same(config: TuneConfig, manifest: dict[str, Any], facts: dict[str, Any]) -> None:
    if change := first_difference({name: manifest.get(name) for name in facts}, facts):
        raise ConfigError(
            f"{config.run}: {change} in the run that is there; name another folder as `run`, or give what it was"
        )


def locked(config: TuneConfig, *, first: bool) -> AbstractContextManager[None]:
    """Locks the run folder in the first process; raises `NcvcError` if another tuning has it."""
    if not first:
        return nullcontext()
    return held(
        config.folder,
        f"{config.run}: another ncvc tune is running there; `ncvc train status {config.run}` says how it is",
    )


def tune(config: TuneConfig, prepared: Prepared, stop: StopRequest, reporter: Reporter) -> bool:
    """Tunes until the last step or a request to stop, and writes the model; every process calls it.

    Goes on from the newest whole checkpoint of the run folder. Returns whether the model is written. Raises an
    `NcvcError` where the run that is there is another one, or a step is not finite.
    """
    import torch

    from ncvc.tune.log import TuneLog
    from ncvc.tune.methods import build

    if config.compute.threads:
        torch.set_num_threads(config.compute.threads)
    speaks = int(os.environ.get("RANK", "0")) == 0
    facts = {"config": _identity(config), **prepared.facts()}
    start, damaged = checkpoints.newest(config.folder)
    manifest = own_manifest(start) if start is not None else None
    done = manifest["step"] if manifest else 0
    if manifest:
        _require_same(config, manifest, facts)
    if speaks:
        config.folder.mkdir(parents=True, exist_ok=True)
        _publish(config)
        if prepared.bad:
            write_bad_rows(prepared.bad, config.folder)
    log = TuneLog(config, speaks=speaks, done=done, reporter=reporter)
    for sentence in damaged:
        log.event("damaged", f"SKIPPED A DAMAGED CHECKPOINT: {sentence}", problem=sentence)
    tuning = build(config, prepared, log, stop, facts)
    tuning.promises.tokens = manifest["tokens_seen"] if manifest else 0
    log.begins(tuning.describe(), done=done, **tuning.sizes())
    if prepared.bad:
        log.event("set_aside", _set_aside(prepared, config), rows=len(prepared.bad))
    log.starts_at(tuning.promises.tokens)
    last = config.schedule.train_iters
    if done < last:
        tuning.trainer.train(resume_from_checkpoint=str(start) if start else None)
        done = tuning.trainer.state.global_step
    elif start is not None:
        tuning.trainer.load(start)
    if done < last:
        log.event("stopped", f"stopped on request after step {done} of {last}; start it again to go on", step=done)
        log.close()
        return False
    _write(tuning, log)
    log.event("finished", f"finished after step {done}: {config.output}", step=done)
    log.close()
    return True


def _write(tuning: Any, log: Any) -> None:
    """Writes the model in the first process; the others are no longer needed, and Megatron makes a group of its own."""
    import torch.distributed as dist

    from ncvc.tune.result import write_result

    tuning.trainer.accelerator.wait_for_everyone()
    if dist.is_initialized():
        dist.destroy_process_group()
    if log.speaks:
        write_result(tuning, log.reporter)


def _identity(config: TuneConfig) -> dict[str, Any]:
    """The settings that the bytes of a run depend on."""
    values = config.model_dump(mode="json")
    for name in FREE:
        section: Any = values
        *parents, last = name.split(".")
        for parent in parents:
            section = section[parent]
        section.pop(last)
    return values


def _publish(config: TuneConfig) -> None:
    """Writes `config.yaml` into the run folder."""
    head = f"{CONFIG_HEAD.decode()} SHA-256 of the lines below: "
    with whole_file(config.folder / "config.yaml") as partial:
        partial.write_text(sealed_config(head, dump(config.model_dump(mode="json"))), encoding="utf-8")


def _set_aside(prepared: Prepared, config: TuneConfig) -> str:
    shown = "; ".join(map(str, prepared.bad[:SHOWN]))
    more = "; …" if len(prepared.bad) > SHOWN else ""
    return f"set aside {len(prepared.bad):,} rows, listed in {config.folder / BAD_ROWS}: {shown}{more}"


def summary(config: TuneConfig) -> Mapping[str, Any]:
    """Closing summary of a run."""
    if not (config.folder / LOG).exists():
        raise NcvcError(f"{config.run}: has no {LOG}")
    events = event_records(config.folder)
    return {"run": config.run, "state": events[-1]["event"], "step": events[-1].get("step"), "output": config.output}
