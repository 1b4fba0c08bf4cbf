"""Tells sources that look like records of patients from others, by the names of members and the labels in texts."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import ncvc._native as native
from ncvc.corpus.config import SourceConfig
from ncvc.corpus.plan import Plan
from ncvc.documents.extract import read_documents
from ncvc.documents.sources import Reading, SourceFile
from ncvc.documents.unreadable import UnreadableError

FILES = 3
"""Files of a source that are looked at, the first ones."""
DOCUMENTS = 20
"""Documents of a file that are looked at."""
HEAD = 2**16
"""Bytes at the beginning, or at the end of Parquet, that are looked at."""
PERSON = (
    r"患者(?:さん)?の?(?:氏名|名|番号|ＩＤ|ID|基本情報|情報)|(?:患者)?(?:氏名|姓名)|生年月日|カルテ(?:番号|No\.?|ID)?"
    r"|診察券(?:番号|No\.?)|被保険者(?:番号|証)|病棟|担当医|主治医"
)
MEMBER = re.compile(
    rf"(?:{PERSON}|患者|カナ氏名|氏名カナ|現病歴|既往歴|主訴"
    r"|patients?[ _]?(?:id|no|name|number)?|pt[ _]?(?:id|name)|mrn"
    r"|medical[ _]?record.*|date[ _]?of[ _]?birth|birth[ _]?date|dob|chart[ _]?(?:no|number|id))",
    re.IGNORECASE,
)
"""Names of members and columns."""
LABEL = re.compile(
    rf"(?:^|[\s【\[〔〈＜(（|])({PERSON}|patient (?:id|name)|date of birth|DOB|MRN)"
    r"[】\]〕〉＞)）]?\s*[:：|]",
    re.MULTILINE,
)
"""Labels at the beginning of a field in a text; articles speak of 患者 without one."""


def undecided(plan: Plan) -> Iterator[str]:
    """Yields a sentence for each source that looks like patient records and does not say whether it is clinical."""
    for number, source in enumerate(plan.config.sources):
        if source.cleaning.clinical is None:
            files = plan.files_of(number)
            if found := signs(files, source, plan.config.longest_line):
                yield (
                    f"source {source.name} looks like patient records ({', '.join(found)}), and `clinical` is not set:"
                    " set `cleaning: {clinical: true}` to remove names, addresses and numbers of patients, or"
                    " `clinical: false` if it holds none"
                )


def signs(files: Iterable[SourceFile], source: SourceConfig, longest: int) -> list[str]:
    """Returns the names and labels of patient records in the first documents, the most frequent first."""
    counts: Counter[str] = Counter()
    reading = Reading(
        columns=source.columns,
        header=source.header,
        format=source.format,
        encoding=source.encoding,
        longest_line=longest,
    )
    for file in islice(files, FILES):
        try:
            names, texts = _looked_at(file, reading)
        except (OSError, ValueError, UnreadableError):
            continue  # the pass reports it
        counts.update(name.strip() for name in names if MEMBER.fullmatch(name.strip()))
        for text in texts:
            counts.update({found[1] for found in LABEL.finditer(text)})
    return [name for name, _ in counts.most_common(3)]


def _looked_at(file: SourceFile, reading: Reading) -> tuple[set[str], list[str]]:
    """Returns the names of members, and texts, of the first documents of a file."""
    if file.needs_extraction:
        members = [found for _, found in islice(read_documents(file, reading, Counter()), DOCUMENTS)]
        documents = [found for found in members if not isinstance(found, UnreadableError)]
        chosen = {column for column in reading.columns if isinstance(column, str)}
        return chosen.union(*documents), [str(document["text"]) for document in documents]
    if file.format == "parquet":
        with file.path.open("rb") as raw:
            raw.seek(-min(HEAD, file.path.stat().st_size), 2)
            footer = raw.read().decode("utf-8", "replace")
        return set(re.findall(r"[\w ]+", footer)), []
    encoding = None if reading.encoding == "auto" else reading.encoding
    stream = native.SourceStream.open_text(file.path, encoding)
    head = b""
    while len(head) < HEAD and (more := stream.read(HEAD)):
        head += more
    text = head.decode("utf-8", "replace")
    if file.format != "jsonl":
        return set(), [text]
    objects = list(_objects(text))
    return set().union(*map(_names, objects)), [value for each in objects for value in _strings(each)]


def _objects(text: str) -> Iterator[object]:
    for line in text.split("\n")[:DOCUMENTS]:
        try:
            yield json.loads(line.strip().strip("[,"))
        except ValueError:
            continue  # cut off, or no JSON


def _names(value: object) -> set[str]:
    """Returns the names of the members of an object, those of objects in it included."""
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(_names, value.values()))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _strings(member)
