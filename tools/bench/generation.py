"""Measures `ncvc generate`'s loop beside transformers' own `generate`, and llama.cpp on a GGUF file of the same model.

    python tools/bench/generation.py FOLDER [--gguf FOLDER] [--dtype bfloat16] [--pairs 5] [--tokens 32] [--prompt TEXT]

One prompt at temperature 0, in this process, by turns after one round that does not count. CPU seconds of all threads,
so that a loaded machine changes them little. The last lines are ratios of tokens a CPU-second, `name value`: median of
the pairs, with the lowest and the highest.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ncvc.engines.base import Engine, finish
from ncvc.engines.source import open_source
from ncvc.hf.row import Row, Sampling
from ncvc.hf.tokenizer import prompt_ids


def ours(engine: Engine, ids: list[int], tokens: int) -> list[int]:
    """The tokens that the loop makes, as `ncvc generate` runs it."""
    row = Row(engine.tokenizer, ids, Sampling(max_new_tokens=tokens, temperature=0), max_tokens=engine.max_tokens)
    (row,) = finish(engine, [row])
    return row.ids[len(ids) :]


def theirs(model: object, ids: list[int], tokens: int) -> list[int]:
    """The tokens that transformers makes."""
    given = torch.tensor([ids])
    made = model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=tokens, do_sample=False)
    return made[0, len(ids) :].tolist()


def rate(make: Callable[[], list[int]]) -> float:
    """Tokens a CPU-second."""
    began = time.process_time()
    return len(make()) / (time.process_time() - began)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--prompt", default="患者は発熱を主訴に来院した。")
    options = parser.parse_args()
    source = open_source(options.folder)
    ids = prompt_ids(source.tokenizer, options.prompt, source.max_tokens)
    engine = source.load(dtype=options.dtype, slots=1)
    programs = {
        "transformers": lambda: theirs(engine._lm.model, ids, options.tokens),
        "generate": lambda: ours(engine, ids, options.tokens),
    }
    if options.gguf:
        llama = open_source(options.gguf).load(slots=1)
        programs["llama.cpp"] = lambda: ours(llama, ids, options.tokens)
    for make in programs.values():
        make()
    rates: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(options.pairs):
        for name, make in programs.items():
            rates[name].append(rate(make))
    for name, found in rates.items():
        print(f"{name}: {statistics.median(found):.2f} tokens a CPU-second")
    for name in programs:
        if name != "transformers":
            ratios = [one / other for one, other in zip(rates[name], rates["transformers"], strict=True)]
            print(f"{name}/transformers {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
