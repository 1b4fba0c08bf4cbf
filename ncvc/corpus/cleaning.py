"""Options of cleaning; all else is fixed, so that a tokenizer and its corpus are always cleaned alike."""

from typing import Literal

from ncvc.config import Config


class CleaningConfig(Config):
    """Treatment of private data. Telephone numbers, e-mail addresses, URLs and accounts are always removed."""

    clinical: bool = False
    """Remove names, addresses, dates of birth and numbers in hospital notes too (docs/cleaning.md)."""
    replacement: Literal["nothing", "tag"] = "nothing"
    """Replace private data by nothing, or by a tag that names its kind, such as 〔*氏名〕."""
