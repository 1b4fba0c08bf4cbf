"""The programs that are measured: `python programs.py NAME INPUT FOLDER THREADS`, one core unless said."""

import json
import re
import sys
import unicodedata
from functools import partial
from pathlib import Path

import encoders
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


def ncvc_pass(path: Path, folder: Path, threads: int, *, with_quality: bool = False) -> None:
    """The whole pass; with the quality model too, whose threshold drops nothing, so that the rest is the same."""
    from ncvc.corpus.config import PreprocessConfig, SourceConfig
    from ncvc.corpus.filters import FiltersConfig
    from ncvc.corpus.preprocess import preprocess
    from ncvc.corpus.quality import Quality

    quality = Quality(model="quality", threshold=0.0) if with_quality else None
    source = SourceConfig(name="corpus", inputs=[path.name], filters=FiltersConfig(quality=quality))
    config = PreprocessConfig(sources=[source], tokenizer="tokenizer", output="tokens", threads=threads)
    preprocess(config, folder, replace=True, restart=True)


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
                for encoded in model.encode(mecab.parse(line).split(), num_threads=1):
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


def lindera(path: Path, folder: Path, threads: int) -> None:
    """The analysis by lindera alone, with the ipadic inside it, on raw lines."""
    from lindera import Tokenizer, load_dictionary

    tokenizer = Tokenizer(load_dictionary("embedded://ipadic"), mode="normal")
    for text in read(path):
        for line in text.split("\n"):
            tokenizer.tokenize(line)


def hojichar(path: Path, folder: Path, threads: int) -> None:
    """Cleaning and filters alone, by HojiChar."""
    from hojichar import Compose, document_filters

    steps = [
        document_filters.JSONLoader(key="text"),
        document_filters.DocumentNormalizer(),
        document_filters.MaskPersonalInformation(),
        document_filters.AcceptJapanese(),
        document_filters.DocumentLengthFilter(min_doc_len=50),
        document_filters.CharRepetitionRatioFilter(),
        document_filters.DiscardAdultContentJa(),
        document_filters.JSONDumper(),
    ]
    clean = Compose(steps)
    with path.open(encoding="utf-8") as file, (folder / "hojichar.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(clean(line) + "\n" for line in file)


def datatrove(path: Path, folder: Path, threads: int) -> None:
    """The Megatron writer of datatrove with the Hugging Face form of the tokenizer: neither cleaning nor analysis."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.tokens.megatron_tokenizer import MegatronDocumentTokenizer
    from datatrove.utils.logging import logger

    logger.remove()
    out = str(folder / "datatrove")
    writer = MegatronDocumentTokenizer(
        output_folder=out, tokenizer_name_or_path=str(folder / "tokenizer.json"), eos_token="<|end_of_text|>"
    )
    reader = JsonlReader(str(folder), glob_pattern=path.name)
    LocalPipelineExecutor(pipeline=[reader, writer], logging_dir=f"{out}/logs", skip_completed=False).run()


PROGRAMS = {
    "pass": ncvc_pass,
    "with_quality": partial(ncvc_pass, with_quality=True),
    "python_chain": python_chain,
    "mecab": mecab,
    "vibrato": vibrato,
    "lindera": lindera,
    "hojichar": hojichar,
    "datatrove": datatrove,
    "neardup": ncvc_near_duplicates,
    "rensa": rensa_near_duplicates,
}
NOT_INSTALLED = 3
"""The exit status of a program that is not there to be measured."""


def main(name: str, path: Path, folder: Path, threads: int) -> None:
    """Runs one program."""
    try:
        if name in encoders.PROGRAMS:
            encoders.run(encoders.PROGRAMS[name], read(path), folder)
        else:
            PROGRAMS[name](path, folder, threads)
    except ModuleNotFoundError as missing:
        print(f"{name}: {missing}", file=sys.stderr)
        sys.exit(NOT_INSTALLED)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
