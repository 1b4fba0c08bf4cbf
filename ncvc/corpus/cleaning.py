"""How private data is treated when text is cleaned; everything else about cleaning is fixed."""

from typing import Literal

from ncvc.config import Config


class CleaningConfig(Config):
    """What cleaning replaces, and by what. Telephone numbers, e-mail addresses, URLs and accounts always go."""

    clinical: bool = False
    """Whether names, addresses, dates of birth and numbers in hospital notes go too (docs/cleaning.md)."""
    replacement: Literal["nothing", "tag"] = "nothing"
    """What stands in their place: nothing, or the kind of data as a tag such as 〔*氏名〕."""
