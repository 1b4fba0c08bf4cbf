"""The corpus pass under faults: whatever happens at whatever call, the next start gives the undisturbed bytes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import inject

CONFIG = """\
sources:
  - {name: notes, inputs: [notes]}
  - {name: web, inputs: [web.jsonl], text_field: body}
tokenizer: tokenizer
output: out
threads: 1
part_bytes: 1
on_error: quarantine
duplicates: {near: 0.8}
"""
UNTIMED = {"report.json", "report.html", "manifest.json"}


def prepare(folder: Path) -> None:
    """Writes input, tokenizer and config."""
    from ncvc.demo.text import documents

    texts = [document["text"] for document in documents(seed=1)]
    (folder / "notes").mkdir()
    for number in range(2):
        rows = [json.dumps({"text": text}) for text in texts[number * 20 : number * 20 + 30]]
        (folder / f"notes/{number}.jsonl").write_text("\n".join(["{", *rows, '{"text": ""}']))
    # Some occurred in the notes; some nearly so.
    found_before = [*texts[45:50], *(f"{text}以上。" for text in texts[:5])]
    rows = [json.dumps({"body": text}) for text in [*texts[50:60], *found_before]]
    (folder / "web.jsonl").write_text("\n".join(rows))
    (folder / "train.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    (folder / "config.yaml").write_text(CONFIG)
    ncvc = [sys.executable, "-m", "ncvc"]
    subprocess.run([*ncvc, "dictionary", "build", folder / "dictionary", "--base", "ipadic"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    train: list[str | Path] = ["tokenizer", "train", folder / "tokenizer", folder / "train.jsonl"]
    train += ["--dictionary", folder / "dictionary"]
    subprocess.run([*ncvc, *train, "--vocab-size", "11000"], check=True, stdout=subprocess.DEVNULL)


def run(folder: Path) -> int:
    """One start of the pass, in this process."""
    from ncvc.cli import main

    sys.argv = ["ncvc", "preprocess", str(folder / "config.yaml")]
    try:
        main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def outputs(folder: Path) -> dict[str, bytes]:
    """The files that a run leaves in its folder, but for the input and those that tell the time."""
    kept = {"notes", "web.jsonl", "train.jsonl", "config.yaml", "tokenizer", "dictionary"}
    files = (path for path in folder.rglob("*") if path.is_file())
    named = ((path.relative_to(folder), path) for path in files)
    return {str(name): path.read_bytes() for name, path in named if name.parts[0] not in kept | UNTIMED
            and name.name not in UNTIMED}  # fmt: skip


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Runs the matrix, or every so manieth trial of it; yields what was done and what was wrong, if anything."""
    prepare(folder)
    import ncvc.corpus.preprocess  # what is imported before the fork is not imported in every trial

    ncvc.corpus.stages.load_tokenizer(folder / "tokenizer", "lattice")

    def start() -> int:
        return run(folder)

    def forget() -> None:
        for path in [folder / "out", *folder.glob(".out*")]:
            shutil.rmtree(path, ignore_errors=True)

    assert inject.undisturbed(start).status == 0
    reference = outputs(folder)
    forget()
    found = list(inject.sites(start))
    matrix = [(site, action) for site in found for action in inject.ACTIONS]
    for site, action in matrix[::every]:
        forget()
        outcome = inject.trial(start, site, action)
        wrong = _judge(outcome, folder, reference)
        again = inject.undisturbed(start)
        if again.status != 0:
            wrong = f"the next start ended with {again.status}: {again.output}"
        elif outputs(folder) != reference:
            names = {name for name, _ in outputs(folder).items() ^ reference.items()}
            wrong = f"the next start gave other bytes: {sorted(names)}"
        yield f"{site.call} {site.number} {action} ({site.arguments})", wrong
    forget()


def _judge(outcome: inject.Outcome, folder: Path, reference: dict[str, bytes]) -> str:
    if not outcome.injected:
        return "the fault did not take place"
    if "Traceback" in outcome.output or "panicked" in outcome.output:
        return f"not one sentence: {outcome.output}"
    there = {name: content for name, content in outputs(folder).items() if name.startswith("out/")}
    whole = {name: content for name, content in reference.items() if name.startswith("out/")}
    if there and there != whole:
        return "the output is there, but not whole"
    if outcome.status == 0 and there != whole:
        return "it ended with 0 and no output"
    return ""
