"""Options of cleaning a source; all else is fixed, so that a tokenizer and its corpus are always cleaned alike."""

from typing import Literal

from ncvc.config import Config


class WebConfig(Config):
    """Web notations to remove; false keeps one, for source code and manuals."""

    urls: bool = True
    """Remove URLs."""
    accounts: bool = True
    """Remove accounts, such as @taro_99."""
    tags: bool = True
    """Remove tags, such as #京都 behind a sentence; problem lists (#高血圧 #糖尿病) always stay."""


class CleaningConfig(Config):
    """Treatment of private data and web notations. Telephone numbers and e-mail addresses are always removed."""

    clinical: bool | None = None
    """Remove names, addresses, dates of birth and numbers in hospital notes too (docs/cleaning.md). Not set it is
    false, and the pass asks for a decision where a source looks like patient records."""
    hospitals: bool | None = None
    """Remove names of hospitals, practices, pharmacies, homes and wards too, with `clinical` or alone. Not set it is
    false."""
    replacement: Literal["nothing", "tag"] = "nothing"
    """Replace private data by nothing, or by a tag that names its kind, such as 〔*氏名〕."""
    web: WebConfig = WebConfig()
    """Web notations to remove; false keeps one, for source code and manuals."""

    def to_engine(self) -> str:
        """Returns the options in the engine's JSON, as before there were hospitals where these stay."""
        switches = {"clinical": bool(self.clinical), "hospitals": bool(self.hospitals)}
        return self.model_copy(update=switches).model_dump_json(exclude=None if self.hospitals else {"hospitals"})
