"""The programs that are measured: `python programs.py NAME INPUT FOLDER THREADS`, one core unless said."""

import json
import re
import sys
import unicodedata
from pathlib import Path

from near_duplicates import ncvc_near_duplicates, rensa_near_duplicates

PHONE = re.compile(r"(?<![\d-])(?:\+81-?|0)\d{1,4}-\d{1,4}-\d{3,4}(?!\d)|(?<!\d)0[5-9]0\d{8}(?!\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
WEB = re.compile(r"https?://[\w/:%#$&?()~.=+\-〜]+|(?<!\w)@\w{2,}|(?<=\s)#[^\s#]+")
HYPHENS = re.compile("[‐‑‒–−—―]")
TILDES = re.compile("[~∼]")
DOTS = re.compile(r"\.{3,}|・{3,}")
SYMBOLS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "≤": "≦", "≥": "≧", "⇒": "→", "•": "・"})
OTHERS = re.compile(r"[^\n !-}À-žΑ-ωぁ-ゖ゛-ゞァ-ヾ㐀-䶿一-鿿、。〈-】〔〕〜…℃°±×÷≠≦≧→←↑↓○●◎□■△▲▽▼☆★※①-⑳々〇]")
REPEATS = re.compile(r"([ー〜…、。!?])\1+")
SPACES = re.compile(r"[ \t\u3000]+")


def clean(text: str) -> str:
    """The ten rules as one scripts them with `re`."""
    text = text.replace("．", "。").replace("，", "、")
    text = unicodedata.normalize("NFKC", text)
    text = TILDES.sub("〜", HYPHENS.sub("-", text))
    text = DOTS.sub("…", text).replace("°C", "℃")
    text = MAIL.sub("", PHONE.sub("", text))
    text = WEB.sub("", text)
    text = text.translate(SYMBOLS)
    text = OTHERS.sub("", text)
    text = REPEATS.sub(r"\1", text)
    return SPACES.sub(" ", text)


def read(path: Path) -> list[str]:
    """The texts of JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def ncvc_pass(path: Path, folder: Path, threads: int) -> None:
    """The whole pass."""
    from ncvc.corpus.config import PreprocessConfig
    from ncvc.corpus.preprocess import preprocess

    config = PreprocessConfig(inputs=[path.name], tokenizer="tokenizer", output="tokens", threads=threads)
    preprocess(config, folder, replace=True)


def python_chain(path: Path, folder: Path, threads: int) -> None:
    """JSON, `re`, MeCab by fugashi, SentencePiece, and a plain Megatron writer."""
    import fugashi
    import ipadic
    import numpy as np
    import sentencepiece

    mecab = fugashi.GenericTagger(ipadic.MECAB_ARGS + " -Owakati")
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer/tokenizer.model"))
    lengths = []
    with (folder / "chain.bin").open("wb") as out:
        for text in read(path):
            ids: list[int] = []
            for line in clean(text).split("\n"):
                for encoded in model.encode(mecab.parse(line).split()):
                    ids += encoded
                ids.append(3)
            ids.append(2)
            lengths.append(len(ids))
            out.write(np.array(ids, dtype=np.uint16).tobytes())
    np.array(lengths, dtype=np.int32).tofile(folder / "chain.idx")


def mecab(path: Path, folder: Path, threads: int) -> None:
    """MeCab's analysis alone, on raw lines."""
    import fugashi
    import ipadic

    tagger = fugashi.GenericTagger(ipadic.MECAB_ARGS + " -Owakati")
    for text in read(path):
        for line in text.split("\n"):
            tagger.parse(line)


def vibrato(path: Path, folder: Path, threads: int) -> None:
    """The analysis by vibrato alone, on raw lines."""
    import ncvc

    analyzer = ncvc.Analyzer.load(folder / "dictionary", engine="vibrato")
    for text in read(path):
        analyzer.split(text)


PROGRAMS = {
    "pass": ncvc_pass,
    "python_chain": python_chain,
    "mecab": mecab,
    "vibrato": vibrato,
    "neardup": ncvc_near_duplicates,
    "rensa": rensa_near_duplicates,
}

if __name__ == "__main__":
    name, path, folder, threads = sys.argv[1:]
    PROGRAMS[name](Path(path), Path(folder), int(threads))
