"""Checks the files of a published corpus, and writes the source that `ncvc preprocess` reads them by."""

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.published.checksums import compare, find_checksums, unread_lists
from ncvc.corpus.published.corpora import Corpus
from ncvc.corpus.published.head import Head, count_documents, languages_of, read_head
from ncvc.documents.needed import require_packages
from ncvc.documents.sources import SourceFile, find_sources
from ncvc.errors import ConfigError, InputError, NcvcError
from ncvc.files import whole_file
from ncvc.progress import Reporter

WIDTH = 116
"""Columns of a comment."""
OUTPUT = "text"
"""Output folder of a new config."""
_MAGIC = set("*?[")


@dataclass(frozen=True)
class Prepared:
    """Findings on the files, and the source that was written."""

    source: dict[str, Any]
    """The source, as in the config."""
    files: int
    bytes: int
    documents: int | None
    """Documents; None where they were not counted."""
    published: dict[str, int]
    """Part → documents, as published."""
    checked: int
    """Files whose checksum was compared."""
    notes: tuple[str, ...]
    """Sentences on what differs from the published corpus."""


def prepare_source(
    corpus: Corpus,
    inputs: Sequence[Path],
    config: Path,
    *,
    append: bool = False,
    count: bool = False,
    reporter: Reporter | None = None,
) -> Prepared:
    """Checks files and folders of `corpus`, and writes the config file `config` with a source of them.

    `append` adds the source to the config that is there; `count` counts documents where that takes reading. Raises
    `InputError` for files that are something else or damaged, and `ConfigError` for a config that cannot be written.
    """
    reporter = reporter or Reporter()
    _require_place(config, append=append)
    files = _find(corpus, inputs)
    heads = [_check(corpus, file) for file in files]
    mixed = _mixed(corpus, files, heads)
    checksums = find_checksums(file.path for file in files)
    progress = reporter.progress("checksums")
    compare(checksums, progress.items)
    progress.close()
    documents = _count(files, heads, reporter) if count or all(head.rows is not None for head in heads) else None
    source = {"name": corpus.name, "inputs": _inputs(files, config.absolute().parent), "format": corpus.format}
    source |= corpus.keys
    _write(corpus, source, config, append=append)
    notes = [mixed, *_unread(files), _missing_parts(corpus, files), _differs(corpus, documents)]
    return Prepared(
        source,
        len(files),
        sum(file.path.stat().st_size for file in files),
        documents,
        corpus.documents,
        len(checksums),
        tuple(note for note in notes if note),
    )


def _find(corpus: Corpus, inputs: Sequence[Path]) -> list[SourceFile]:
    try:
        found = find_sources([str(path.absolute()) for path in inputs], Path(), corpus.format)
    except InputError:
        raise
    except NcvcError as error:
        raise InputError(f"{error}; {_expected(corpus)}") from None
    files = [file for file in found.files if file.format in (corpus.formats or (file.format,))]
    if other := next((file for file in found.files if file not in files), None):
        raise InputError(f"{other.path}: found {other.format}; {_expected(corpus)}")
    require_packages(files)
    return files


def _check(corpus: Corpus, file: SourceFile) -> Head:
    """Reads the beginning of a file; raises `InputError` with what was found and what was expected."""
    try:
        head = read_head(file)
    except InputError as error:
        raise InputError(f"{error}; {_expected(corpus)}") from None
    if not head.documents and not corpus.is_mixed:
        raise InputError(f"{file.path}: found no document; {_expected(corpus)}")
    for number, document in enumerate(head.documents, 1):
        lacks = [name for name in corpus.members if not _has(document, name)]
        if lacks:
            names = ", ".join(list(document)[:8]) or "none"
            raise InputError(
                f"{file.path}: document {number} lacks {', '.join(lacks)}, its members are {names}; {_expected(corpus)}"
            )
    if corpus.begins and not all(corpus.begins in str(document["text"])[:40] for document in head.documents):
        raise InputError(f"{file.path}: its texts do not begin with {corpus.begins}; {_expected(corpus)}")
    if corpus.is_mixed:
        return head
    [(language, _)] = languages_of(head).most_common(1)
    if language != "ja":
        raise InputError(f"{file.path}: its first documents are in {language}, not ja; {_expected(corpus)}")
    return head


def _mixed(corpus: Corpus, files: Sequence[SourceFile], heads: Sequence[Head]) -> str:
    """Says how much of a mixed corpus is in Japanese; raises `InputError` if nothing that was looked at is."""
    if not corpus.is_mixed:
        return ""
    counts = sum((languages_of(head) for head in heads), Counter[str]())
    if not counts["ja"]:
        found = f"{counts.total():,} documents, none in Japanese" if counts.total() else "no document"
        raise InputError(f"{files[0].path.parent}: found {found}; {_expected(corpus)}")
    if counts["ja"] == counts.total():
        return ""
    return f"looked at {counts.total():,} documents; in Japanese: {counts['ja']:,}"


def _has(document: dict[str, Any], name: str) -> bool:
    kind = dict if name in ("warc_headers", "metadata") else str
    return isinstance(document.get(name), kind)


def _expected(corpus: Corpus) -> str:
    return f"expected {corpus.title}: {corpus.form}"


def _count(files: Sequence[SourceFile], heads: Sequence[Head], reporter: Reporter) -> int | None:
    """Counts documents; None if a file has to be extracted for that."""
    progress = reporter.progress("documents")
    counted = 0
    for number, (file, head) in enumerate(zip(files, heads, strict=True), 1):
        try:
            rows = head.rows if head.rows is not None else count_documents(file)
        except OSError as error:
            raise InputError(f"{file.path}: {error.strerror or 'damaged, or cut off'}; fetch the file again") from None
        if rows is None:
            return None
        counted += rows
        progress.items(number, len(files))
    progress.close()
    return counted


def _unread(files: Sequence[SourceFile]) -> list[str]:
    return [f"{path}: holds no checksums; nothing was compared with it" for path in unread_lists(f.path for f in files)]


def _missing_parts(corpus: Corpus, files: Sequence[SourceFile]) -> str:
    """Names parts that lack among numbered files, by the number that names give or between the first and the last."""
    groups: dict[tuple[str, str], set[int]] = {}
    for file in files:
        if found := corpus.numbers.search(file.path.name):
            of = found.groupdict().get("of") or ""
            before = file.path.name[: found.start()] if of else ""
            groups.setdefault((before, of), set()).add(int(found["n"]))
    missing: list[str] = []
    for (before, of), numbers in sorted(groups.items()):
        expected = range(int(of)) if of else range(1, max(numbers) + 1)
        missing += [f"{before or 'part '}{number}" for number in expected if number not in numbers]
    if not missing:
        return ""
    shown = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
    return f"{len(missing)} part{'s' if len(missing) > 1 else ''} of {corpus.title} not there: {shown}"


def _differs(corpus: Corpus, documents: int | None) -> str:
    """Says by how much the number of documents differs from the published ones; of parts, any of them may be there."""
    published = corpus.documents
    if documents is None or not published:
        return ""
    sums = {
        sum(published[part] for part in parts): parts
        for size in range(1, len(published) + 1)
        for parts in combinations(published, size)
    }
    if documents in sums:
        return ""
    shown = " + ".join(f"{number:,} {part}" for part, number in published.items())
    return f"{documents:,} documents, where {shown} were published ({corpus.counted_by}): a part, or another version"


def _inputs(files: Sequence[SourceFile], folder: Path) -> list[str]:
    """Returns patterns of the files relative to `folder`, or their names where a pattern would match others too."""
    parents: dict[Path, list[Path]] = {}
    for file in files:
        parents.setdefault(file.path.parent, []).append(file.path)
    inputs: list[str] = []
    for parent, paths in parents.items():
        relative = Path(os.path.relpath(parent, folder))
        suffixes = {
            "".join(path.suffixes[-2:]) if path.suffix[1:] in ("gz", "zst", "bz2", "xz") else path.suffix
            for path in paths
        }
        pattern = f"*{min(suffixes)}"
        if (
            len(paths) > 1
            and len(suffixes) == 1
            and not _MAGIC & set(str(relative))
            and set(parent.glob(pattern)) == set(paths)
        ):
            inputs.append(str(relative / pattern))
        else:
            inputs += [str(relative / path.name) for path in paths]
    return inputs


def _require_place(config: Path, *, append: bool) -> None:
    """Raises `ConfigError` unless `config` is there if, and only if, it is to be added to."""
    if append and not config.is_file():
        raise ConfigError(f"{config}: no config to append to; leave --append out to begin one")
    if not append and os.path.lexists(config):
        raise ConfigError(f"{config}: exists already; name another file, or add the source to it with --append")


def _write(corpus: Corpus, source: dict[str, Any], config: Path, *, append: bool) -> None:
    comment = [f"{corpus.title}, {corpus.publisher}.", f"Licence: {corpus.licence}.", corpus.note]
    lines = [f"  # {line}" for part in comment for line in textwrap.wrap(part, WIDTH)]
    values = yaml.safe_dump(source, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None)
    item = "".join(f"    {line}\n" for line in values.splitlines())
    section = "\n".join(lines) + f"\n  - {item[4:]}"
    if append:
        text = _appended(config, source, section)
    else:
        text = (
            "# Config of `ncvc preprocess`; `ncvc init preprocess` writes one with every key and its default.\n"
            f"output: {OUTPUT}\nsources:\n{section}"
        )
    if not config.absolute().parent.is_dir():
        raise ConfigError(f"{config}: its folder is not there; make it first")
    with whole_file(config) as partial:
        partial.write_text(text, encoding="utf-8")
        PreprocessConfig.load(partial)
        if not append:
            _require_place(config, append=False)


def _appended(config: Path, source: dict[str, Any], section: str) -> str:
    """Returns the text of a config with one more source; raises `ConfigError` if it does not end with its sources."""
    before = PreprocessConfig.load(config)
    names = [each.name for each in before.sources]
    if source["name"] in names:
        raise ConfigError(f"{config}: has a source {source['name']} already; take it out first, or name another file")
    text = config.read_text(encoding="utf-8")
    text += ("" if text.endswith("\n") else "\n") + section
    try:
        values = yaml.safe_load(text)
        sources = values["sources"]
        whole = sources[-1] == source and len(sources) == len(names) + 1
    except (yaml.YAMLError, TypeError, KeyError, IndexError):
        whole = False
    if not whole:
        raise ConfigError(
            f"{config}: does not end with its sources, so that none can be appended; move `sources`, a list with"
            " `  - name: …`, to its end, or name another file"
        )
    return text
