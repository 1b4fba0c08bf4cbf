"""One pass over raw text: cleaning, analysis, encoding."""

import json
import time
from pathlib import Path
from typing import Any, Literal

import ncvc
import ncvc._native as native
from ncvc.config import ConfigError
from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.sources import Reading, SourceFile, find_sources, run_pass
from ncvc.files import sha256, whole_folder, write_json, write_manifest

Target = Literal["tokens", "text"]


def preprocess(
    config: PreprocessConfig, folder: Path, *, to: Target = "tokens", replace: bool = False
) -> dict[str, Any]:
    """Runs the pass and returns the report that it also writes.

    `folder` is what the config's paths are relative to. The output folder gets `NAME.bin` and `NAME.idx` (or
    `NAME.jsonl.zst`), `dropped.jsonl`, `quarantine.jsonl`, `report.json` and `manifest.json`. The number of
    documents read is that of documents written, dropped and quarantined.
    """
    sources = find_sources(config.inputs, folder, config.format)
    started = time.monotonic()
    reading = Reading(
        text_field=config.text_field,
        format=config.format,
        encoding=config.encoding,
        quality_warnings=config.quality_warnings,
        threads=config.threads,
        on_error=config.on_error,
        longest_line=config.longest_line,
    )
    with whole_folder(folder / config.output, replace=replace) as output:
        if to == "text":
            tokenizer_hash = None
            summary = run_pass(native.clean_corpus, "cleaning", sources, reading, output, config.name)
        else:
            tokenizer_folder = _tokenizer_folder(config, folder)
            tokenizer_hash = sha256(tokenizer_folder / "manifest.json")
            tokenizer = native.Tokenizer.load(tokenizer_folder)
            summary = run_pass(native.encode_corpus, "encoding", sources, reading, tokenizer, output, config.name)
        counts = json.loads(summary)
        if counts["documents"] == 0 and config.on_error == "stop":
            raise native.InputError(f"{sources[0].path}: no documents in the input; check the inputs of the config")
        report = _report(counts, sources, time.monotonic() - started)
        write_json(output / "report.json", report)
        write_manifest(
            output,
            ncvc=ncvc.__version__,
            stage="preprocess",
            to=to,
            config=config.model_dump(),
            cleaning=native.cleaning_version(),
            tokenizer=tokenizer_hash,
            inputs=[
                {"path": str(file.path), "bytes": file.path.stat().st_size, "sha256": digest}
                for file, digest in zip(sources, counts["source_sha256"], strict=True)
            ],
        )
    return report


def _tokenizer_folder(config: PreprocessConfig, folder: Path) -> Path:
    if config.tokenizer is None:
        raise ConfigError("'tokenizer' is missing: name the folder that `ncvc tokenizer train` wrote")
    return folder / config.tokenizer


def _report(counts: dict[str, Any], sources: list[SourceFile], seconds: float) -> dict[str, Any]:
    """The engine's counts, arranged for people."""
    more = ("tokens", "morphemes", "unknown_tokens", "written_bytes")
    return {
        "documents": {
            "in": counts["documents"],
            "out": counts["kept"],
            "dropped": counts["dropped"],
            "quarantined": counts["quarantined"],
        },
        "reasons": counts["reasons"],
        **{name: counts[name] for name in more if name in counts},
        "text_bytes": counts["text_bytes"],
        "read_bytes": counts["read_bytes"],
        "seconds": round(seconds, 3),
        "mb_per_second": round(counts["text_bytes"] / 1e6 / seconds, 3),
        "rules": counts["counts"],
        "sources": [
            {"path": str(file.path), "documents": documents}
            for file, documents in zip(sources, counts["source_documents"], strict=True)
        ],
    }
