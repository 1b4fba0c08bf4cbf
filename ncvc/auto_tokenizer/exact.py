"""A tokenizer of transformers that gives raw text the ids of `ncvc.Tokenizer`.

What it saves is the plain tokenizer, which any transformers loads, and beside it the whole tokenizer folder.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import BatchEncoding, PreTrainedTokenizerFast
from transformers.utils import PaddingStrategy

import ncvc._native as native
from ncvc.auto_tokenizer import EXACT
from ncvc.auto_tokenizer.backend import ExactBackend
from ncvc.manifest import MANIFEST, own_manifest

STOCK = "PreTrainedTokenizerFast"
"""Class that every version of transformers knows, by which a folder loads without ncvc."""
_OF_THIS_LOADING = ("backend", "is_local", "local_files_only")
"""Members that transformers saves of how it loaded a tokenizer."""


class ExactTokenizerFast(PreTrainedTokenizerFast):  # type: ignore[misc]
    """Tokenizer of a model folder of ours: cleans, analyses and encodes raw text.

    A text that begins with the token that begins a text gets no second one. Special tokens in a text are read as such,
    as everywhere in transformers; `split_special_tokens=True` reads them as text, as `ncvc.Tokenizer` does.
    """

    _exact: ExactBackend | None = None
    _stock: Tokenizer | None = None
    """The plain backend, while transformers loads it."""
    _folder: Path
    """The tokenizer folder."""

    @property
    def _tokenizer(self) -> Tokenizer | None:
        # No member, since `datasets` pickles members one by one for its cache.
        return self._exact.backend if self._exact else self._stock

    @_tokenizer.setter
    def _tokenizer(self, backend: Tokenizer | None) -> None:
        self._stock = backend

    @classmethod
    def from_pretrained(cls, folder: Any, *inputs: Any, **kwargs: Any) -> "ExactTokenizerFast":
        """Loads the tokenizer of a model folder; raises `TokenizerError` where the one in `ncvc/` is damaged."""
        made: ExactTokenizerFast = super().from_pretrained(folder, *inputs, **kwargs)
        assert made._stock is not None
        made._folder = (Path(folder) / EXACT).absolute()
        made._exact = ExactBackend(made._stock.to_str(), native.Tokenizer.load(made._folder))
        made._stock = None
        return made

    def save_pretrained(self, save_directory: Any, *inputs: Any, **kwargs: Any) -> Any:
        """Saves the plain tokenizer, and the tokenizer folder as it was trained."""
        files = super().save_pretrained(save_directory, *inputs, **kwargs)
        config = Path(save_directory) / "tokenizer_config.json"
        settings = json.loads(config.read_text(encoding="utf-8")) | {"tokenizer_class": STOCK}
        settings = {name: value for name, value in settings.items() if name not in _OF_THIS_LOADING}
        config.write_text(json.dumps(settings, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return (*files, *map(str, _copy(self._folder, Path(save_directory) / EXACT)))

    def _save_pretrained(self, save_directory: Any, file_names: Iterable[str], *_: Any, **__: Any) -> tuple[str, ...]:
        assert self._exact is not None
        file = Path(save_directory) / "tokenizer.json"
        file.write_text(self._exact.plain(), encoding="utf-8")
        return (*file_names, str(file))

    def _encode_plus(self, text: Any, text_pair: Any = None, add_special_tokens: bool = True, **kwargs: Any) -> Any:
        encode = super()._encode_plus
        batch = isinstance(text, list | tuple) and not (kwargs.get("is_split_into_words") and _is_words(text))
        begun = [add_special_tokens and self._begins(one) for one in (text if batch else [text])]
        if len({*begun}) <= 1:
            return encode(text, text_pair, add_special_tokens and not any(begun), **kwargs)
        alone = kwargs | {"padding_strategy": PaddingStrategy.DO_NOT_PAD, "return_tensors": None}
        pairs = [None] * len(text) if text_pair is None else [[pair] for pair in text_pair]
        rows = [encode([one], pair, not own, **alone) for one, pair, own in zip(text, pairs, begun, strict=True)]
        return self._joined(rows, kwargs)

    def _joined(self, rows: list[BatchEncoding], asked: dict[str, Any]) -> BatchEncoding:
        """Joins texts that were encoded one by one, and pads them; places in the text are not padded."""
        data = {name: [value for row in rows for value in row[name]] for name in rows[0]}
        if (samples := "overflow_to_sample_mapping") in data:
            data[samples] = [number for number, row in enumerate(rows) for _ in row[samples]]
        padded = self.pad(
            data,
            padding=asked.get("padding_strategy", False),
            max_length=asked.get("max_length"),
            pad_to_multiple_of=asked.get("pad_to_multiple_of"),
            padding_side=asked.get("padding_side"),
            return_tensors=asked.get("return_tensors"),
        )
        return BatchEncoding(dict(padded), [encoding for row in rows for encoding in row.encodings or ()])

    def _begins(self, text: Any) -> bool:
        """Returns whether a text, the first of a pair, or a first word begins with the token that begins a text."""
        while isinstance(text, list | tuple) and text:
            text = text[0]
        return isinstance(text, str) and self.bos_token is not None and text.startswith(self.bos_token)


def _is_words(text: Any) -> bool:
    return not text or isinstance(text[0], str)


def _copy(folder: Path, out: Path) -> Iterator[Path]:
    """Copies the files of a tokenizer folder, unless `out` is that folder, and yields their paths."""
    manifest = own_manifest(folder)
    names = [*manifest["files"], MANIFEST] if manifest else sorted(path.name for path in folder.iterdir())
    for name in names:
        if not (out / name).exists() or not (out / name).samefile(folder / name):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, out / name)
        yield out / name
