"""The chat template of a folder that was tuned, which goes on with the model."""

from pathlib import Path

from ncvc.errors import ConvertError
from ncvc.hf.folder import AGAIN, read_json

CHAT_TEMPLATE = "chat_template.jinja"
LARGEST = 2**20
"""Bytes of the largest template that is read."""


def read_chat_template(folder: Path) -> str | None:
    """Reads the template of a Hugging Face folder; None if it has none, as a base model.

    It is copied, never run. Raises an `NcvcError` where it is no text or larger than `LARGEST`.
    """
    path = folder / CHAT_TEMPLATE
    config = folder / "tokenizer_config.json"
    if path.exists():
        try:
            if not path.is_file() or path.stat().st_size > LARGEST:
                raise ValueError
            return path.read_text(encoding="utf-8")
        except ValueError:
            raise ConvertError(f"{path}: not a text of at most {LARGEST} bytes; {AGAIN}") from None
    template = read_json(config).get("chat_template") if config.exists() else None
    return template if isinstance(template, str) else None
