"""The same tasks for lm-evaluation-harness: YAML beside this file, read with `--include_path`; docs/evaluation.md."""

from pathlib import Path

TASKS = Path(__file__).parent
"""Folder for `--include_path`."""
