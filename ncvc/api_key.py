"""The key of an OpenAI-compatible server, which the server and those who ask it read alike."""

import os
from pathlib import Path

KEY = "NCVC_API_KEY"
"""Environment variable of the key."""


def read_key(file: Path | None = None) -> str:
    """Reads the key of a file, or of the environment where no file is given; empty where there is none."""
    text = file.read_text(encoding="utf-8", errors="replace") if file else os.environ.get(KEY, "")
    return text.strip()


def is_key(text: str) -> bool:
    """Tells whether a text can be sent as a key: ASCII that can be printed, without spaces."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
