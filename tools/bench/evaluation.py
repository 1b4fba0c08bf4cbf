"""Answers and likelihoods of a tiny model by `ncvc evaluate`, one prompt at a time, and by lm-evaluation-harness.

    python tools/bench/evaluation.py [--turns 3] [--questions 96] [--batch-size 16] [--tokens 128]

The same questions, model, thread and float32 for all, in one process that takes turns; CPU seconds from prompts as text
to answers as text and log-likelihoods of four letters and texts each. Of ten answers nine must be equal. The last lines
say how many times as fast `ncvc evaluate` is as

    one_by_one  what the benchmarks' scripts do: transformers' own `generate` with its cache for a prompt, and a forward
                pass over prompt and continuation for each of its eight continuations
    batch_1     `ncvc evaluate --batch-size 1`, which reads a prompt once for all of its continuations: what batches
                alone bring
    lm_eval     lm-evaluation-harness' model class, with as large batches
"""

import argparse
import logging
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ncvc.data.rows import Message, Row, Source
from ncvc.demo.text import documents
from ncvc.evaluate.answers import AnswerLog
from ncvc.evaluate.ask import ask_all
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.local import LocalEngine
from ncvc.evaluate.plan import Plan, Suite
from ncvc.progress import Progress

LETTERS = "ABCD"


def write_model(folder: Path, texts: list[str]) -> None:
    """Writes a random model of four layers with a byte-level tokenizer of the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=4000, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4000,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.3,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    fast.save_pretrained(folder)


def make_rows(texts: list[str], count: int) -> list[Row]:
    """Questions of different lengths about the texts, with four choices each."""
    draw = random.Random(0)
    rows = []
    for number in range(count):
        text = draw.choice(texts)[: draw.randint(40, 400)]
        choices = {letter: draw.choice(texts)[: draw.randint(4, 24)] for letter in LETTERS}
        listed = "".join(f"\n{letter}: {choice}" for letter, choice in choices.items())
        rows.append(
            Row(
                id=f"bench/{number}",
                suite="bench",
                task="bench",
                split="test",
                kind="choice",
                messages=(Message(role="user", content=f"問題: {text}{listed}\n答え:"),),
                choices=choices,
                answer="A",
                gold=("A",),
                subject="",
                licence="",
                source=Source(file="", row=number),
            )
        )
    return rows


def ours(engine: LocalEngine, rows: list[Row], settings: Settings, batch_size: int, folder: Path) -> dict[str, str]:
    """Answers by id; likelihoods are computed too."""
    suite = Suite("bench", folder, tuple(rows), (), {})
    log = folder / f"{time.monotonic_ns()}.jsonl"
    with AnswerLog(log) as answers:
        ask_all(Plan([], [suite], settings, "texts"), engine, answers, batch_size, Progress())
        return {name: record.answer for name, record in answers.records.items()}


@torch.inference_mode()
def one_by_one(engine: LocalEngine, model: Any, tokenizer: Any, rows: list[Row], tokens: int) -> dict[str, str]:
    """The same by plain transformers, a prompt and a continuation at a time."""
    answers = {}
    for row in rows:
        prompt = engine.word(row.messages, exam=False).text
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False, pad_token_id=1
        )
        answers[row.id] = tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)
        for text in (*LETTERS, *row.choices.values()):
            after = tokenizer(text, return_tensors="pt")["input_ids"]
            logits = model(torch.cat([ids, after], 1)[:, :-1], logits_to_keep=after.shape[1]).logits
            logits.log_softmax(-1).gather(2, after[..., None]).sum().item()
    return answers


def harness(model: HFLM, engine: LocalEngine, rows: list[Row], tokens: int) -> dict[str, str]:
    """The same by lm-evaluation-harness' own model class."""
    prompts = [engine.word(row.messages, exam=False).text for row in rows]
    asked = [Instance("generate_until", {}, (prompt, {"until": [], "max_gen_toks": tokens}), 0) for prompt in prompts]
    answers = model.generate_until(asked, disable_tqdm=True)
    pairs = [
        Instance("loglikelihood", {}, (prompt, text), 0)
        for prompt, row in zip(prompts, rows, strict=True)
        for text in (*LETTERS, *row.choices.values())
    ]
    model.loglikelihood(pairs, disable_tqdm=True)
    return {row.id: answer for row, answer in zip(rows, answers, strict=True)}


def main() -> None:
    """Measures in turns and prints seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--questions", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=128)
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    texts = [document["text"] for document, _ in zip(documents(seed=1), range(400), strict=False)]
    rows = make_rows(texts, options.questions)
    settings = Settings(form="plain", max_new_tokens=options.tokens)
    with tempfile.TemporaryDirectory(prefix="ncvc-bench-") as name:
        folder = Path(name)
        write_model(folder / "model", texts)
        engine = LocalEngine(folder / "model", settings)
        peer = HFLM(pretrained=str(folder / "model"), device="cpu", dtype="float32", batch_size=options.batch_size)
        model = LlamaForCausalLM.from_pretrained(folder / "model").eval()
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "model")
        programs: dict[str, Callable[[], dict[str, str]]] = {
            "evaluate": lambda: ours(engine, rows, settings, options.batch_size, folder),
            "batch_1": lambda: ours(engine, rows, settings, 1, folder),
            "one_by_one": lambda: one_by_one(engine, model, tokenizer, rows, options.tokens),
            "lm_eval": lambda: harness(peer, engine, rows, options.tokens),
        }
        seconds: dict[str, list[float]] = {program: [] for program in programs}
        said: dict[str, Any] = {}
        for _ in range(options.turns):
            for program, run in programs.items():
                started = time.process_time()
                said[program] = run()
                seconds[program].append(time.process_time() - started)
    peers = ("one_by_one", "batch_1", "lm_eval")
    for other in peers:
        same = sum(said["evaluate"][row.id] == said[other][row.id] for row in rows)
        print(f"{same} of {len(rows)} answers equal those of {other}")
        # Close choices may fall otherwise in theirs: ours makes them without padding and cache.
        if same < 0.9 * len(rows):
            raise SystemExit("these are other answers")
    typical = {program: statistics.median(values) for program, values in seconds.items()}
    for program, value in typical.items():
        print(f"{program:12s} {value:8.2f} CPU seconds")
    for other in peers:
        print(f"evaluate/{other} {typical[other] / typical['evaluate']:.2f}")


if __name__ == "__main__":
    main()
