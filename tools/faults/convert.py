"""Conversions under faults: there is nothing or a whole folder, whatever happens at whatever call.

Each target is written from the same tiny model. Each trial kills the conversion at one call, or lets that call fail as
on a full or a broken disk; then the same command is given again and must end with the bytes of an undisturbed one, and
leave nothing hidden. Last, each target is killed at moments drawn at random: between two calls too.
"""

import os
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import inject

TARGETS = {
    "hf": ["checkpoint", "--to", "hf", "--tokenizer", "tokenizer"],
    "llama": ["checkpoint", "--to", "llama", "--dtype", "bfloat16", "--tokenizer", "tokenizer"],
    "gguf": ["checkpoint", "--to", "gguf", "--dtype", "q8_0", "--tokenizer", "tokenizer"],
    "megatron": ["hf", "--to", "megatron"],
}
PIECES = 3000
KILLS = 100  # of each target, at moments of chance


def prepare(folder: Path) -> None:
    """Writes a tokenizer, a checkpoint of random weights and the folder that it becomes."""
    import io

    import sentencepiece
    import torch

    import ncvc.model.lazy_dynamo  # noqa: F401
    from ncvc.checkpoint.format import write_weights
    from ncvc.convert import mapping
    from ncvc.demo.text import documents
    from ncvc.model.config import ModelConfig
    from ncvc.special_tokens import SPECIAL_PIECES

    torch.set_num_threads(1)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(document["text"].replace("\n", "") for document in documents(seed=1)),
        model_writer=model,
        vocab_size=PIECES,
        hard_vocab_limit=False,
        unk_piece=SPECIAL_PIECES[0],
        bos_piece=SPECIAL_PIECES[1],
        eos_piece=SPECIAL_PIECES[2],
        user_defined_symbols=[SPECIAL_PIECES[3]],
        character_coverage=0.98,
        minloglevel=3,
    )
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/tokenizer.model").write_bytes(model.getvalue())
    loaded = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    sizes = ModelConfig(
        num_layers=1,
        hidden_size=32,
        ffn_hidden_size=32,
        num_attention_heads=2,
        num_query_groups=1,
        vocab_size=loaded.vocab_size(),
        max_position_embeddings=32,
    )
    generator = torch.Generator().manual_seed(0)
    shapes = {row.megatron: mapping.megatron_shape(row, sizes) for row in mapping.weights(sizes)}
    weights = [(name, torch.randn(shape, generator=generator) / 8) for name, shape in shapes.items()]
    write_weights(folder / "checkpoint", sizes, weights)


def _import() -> None:
    """Imports what a conversion does: what is imported before the fork is not imported in every trial."""
    import transformers

    import ncvc.cli.commands
    import ncvc.convert.export
    import ncvc.convert.gguf_folder
    import ncvc.convert.restore  # noqa: F401

    for name in ("ArceeForCausalLM", "LlamaForCausalLM"):
        getattr(transformers, name)


def run(folder: Path, target: str, out: str) -> int:
    """One conversion, in this process."""
    from ncvc.cli import main

    os.chdir(folder)
    source, *options = TARGETS[target]
    sys.argv = ["ncvc", "convert", source, out, *options, *(["--force"] if (folder / out).exists() else [])]
    try:
        main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def output(folder: Path) -> dict[str, bytes]:
    """The files below the output and its work folder, by name."""
    files = (path for name in ("out", ".out.partial") for path in (folder / name).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Runs the matrix, or every so manieth trial of it; yields what was done and what was wrong, if anything."""
    prepare(folder)
    _import()
    assert inject.undisturbed(lambda: run(folder, "hf", "hf")).status == 0
    number = 0
    for target in TARGETS:

        def start(target: str = target) -> int:
            return run(folder, target, "out")

        forget(folder)
        done = inject.undisturbed(start)
        assert done.status == 0, done.output
        reference = output(folder)
        forget(folder)
        for site in writing(inject.sites(start)):
            for action in inject.ACTIONS if _writes(site) else inject.ACTIONS[:1]:
                number += 1
                if number % every:
                    continue
                forget(folder)
                outcome = inject.trial(start, site, action)
                wrong = _judge(outcome, folder, reference) or _judge_the_next(start, folder, reference)
                yield f"{target}: {site.call} {site.number} {action} ({site.arguments[:80]})", wrong
        yield from _at_moments_of_chance(start, target, folder, reference, every)
    forget(folder)


def _at_moments_of_chance(
    start: Callable[[], int], target: str, folder: Path, reference: dict[str, bytes], every: int
) -> Iterator[tuple[str, str]]:
    forget(folder)
    began = time.monotonic()
    assert inject.undisturbed(start).status == 0
    duration = time.monotonic() - began
    for seed in range(0, KILLS, every):
        moment = random.Random(f"{target} {seed}").uniform(0, duration)

        def killed(moment: float = moment) -> int:
            threading.Timer(moment, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
            return start()

        forget(folder)
        outcome = inject.undisturbed(killed)
        outcome = inject.Outcome(outcome.status, outcome.output, injected=True)
        wrong = _judge(outcome, folder, reference) or _judge_the_next(start, folder, reference)
        yield f"{target}: killed after {moment:.3f} s", wrong


def forget(folder: Path) -> None:
    """Removes what a trial left."""
    for path in folder.glob("*out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def writing(sites: Iterator[inject.Site]) -> Iterator[inject.Site]:
    """The calls from the first that names the work folder on."""
    begun = False
    for site in sites:
        begun = begun or (site.call == "mkdir" and ".out.partial" in site.arguments)
        if begun:
            yield site


def _writes(site: inject.Site) -> bool:
    """Whether a call changes the disk: others are killed, and do not fail."""
    return site.call != "openat" or "O_RDONLY" not in site.arguments


def _judge(outcome: inject.Outcome, folder: Path, reference: dict[str, bytes]) -> str:
    if not outcome.injected:
        return "the fault did not take place"
    if "Traceback" in outcome.output:
        return f"not one sentence: {outcome.output}"
    there = {name: content for name, content in output(folder).items() if name.startswith("out/")}
    if (folder / "out").exists() and there != reference:
        return "the output is there, but not whole"
    if outcome.status == 0 and there != reference:
        return "it ended with 0 and no output"
    return ""


def _judge_the_next(start: Callable[[], int], folder: Path, reference: dict[str, bytes]) -> str:
    again = inject.undisturbed(start)
    if again.status != 0:
        return f"the next start ended with {again.status}: {again.output}"
    if output(folder) != reference:
        return f"the next start gave other bytes: {sorted(output(folder).items() ^ reference.items())[0][0]}"
    rest = [path.name for path in folder.iterdir() if path.name not in ("tokenizer", "checkpoint", "hf", "out")]
    return f"something is left: {rest}" if rest else ""
