"""Table of published corpora: form, published numbers, publisher, licence, and keys of the source."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ncvc.documents.sources import SourceFormat


@dataclass(frozen=True)
class Corpus:
    """A published corpus in Japanese."""

    name: str
    """Name of the command, and of the source."""
    title: str
    form: str
    """Its files as they are published; end of the sentence `expected …`."""
    format: "SourceFormat"
    publisher: str
    """Publisher, and where to find it there."""
    licence: str
    formats: "tuple[SourceFormat, ...]" = ()
    """Formats of its files, where `format` is `auto`."""
    members: tuple[str, ...] = ()
    """Members of every document."""
    begins: str = ""
    """Beginning of every text."""
    keys: dict[str, Any] = field(default_factory=dict)
    """Further keys of the source."""
    documents: dict[str, int] = field(default_factory=dict)
    """Part → documents, as published."""
    counted_by: str = ""
    """Source of these numbers."""
    numbers: re.Pattern[str] = re.compile(r"(?!)")
    """Number of a part in its file's name, `n`, and, where the name has it, `of` all."""
    is_mixed: bool = False
    """True if it holds documents in other languages, and files without any, which the pass leaves out."""
    note: str = ""
    """Further remarks on it."""


WIKI_40B = Corpus(
    name="wiki40b",
    title="Wiki-40B, Japanese",
    form="Parquet or JSON lines with the members wikidata_id, text and version_id, of which text begins with"
    " _START_ARTICLE_ (of TFRecord files write one of these first)",
    format="wiki40b",
    publisher="Google Research (Guo et al., LREC 2020), as google/wiki40b, configuration ja, on the Hugging Face hub"
    " and as wiki40b/ja in TensorFlow Datasets",
    licence="the text is Wikipedia's, CC BY-SA 3.0: name the source, and pass copies on under the same licence",
    members=("text",),
    begins="_START_ARTICLE_",
    documents={"train": 745_392, "validation": 41_576, "test": 41_268},
    counted_by="catalogue of TensorFlow Datasets, wiki40b/ja 1.3.0",
    numbers=re.compile(r"-(?P<n>\d{5})-of-(?P<of>\d{5})"),
    note="The papers took its article text: 2 GB, 0.55 B tokens. Its markers are cut out by the reader.",
)

OSCAR = Corpus(
    name="oscar",
    title="OSCAR 23.01, Japanese",
    form="JSON lines (.jsonl.zst) with the members content, warc_headers and metadata",
    format="oscar",
    publisher="the OSCAR project (Inria), as oscar-corpus/OSCAR-2301, folder ja_meta, on the Hugging Face hub, to"
    " registered users",
    licence="metadata and annotations are CC0 1.0; the pages are their authors', crawled by Common Crawl, whose terms"
    " of use hold",
    members=("content", "warc_headers", "metadata"),
    keys={"quality_warnings": ["noisy"], "categories": ["adult", "mixed_adult"], "least_harmful_pp": None},
    documents={"ja": 94_236_404},
    counted_by="table of languages of OSCAR 23.01, as quoted by derived data sets: 94,236,404 documents, 181.2 GB",
    numbers=re.compile(r"_part_(?P<n>\d+)\."),
    note="The papers took 30 GB of it, 8.20 B tokens, after their web filters, which are on by default. What is dropped"
    " by its metadata is a choice of ncvc's: pages that it calls noisy, and web sites in its categories for adults.",
)

WIKIPEDIA_DUMP = Corpus(
    name="wikipedia-dump",
    title="the dump of the Japanese Wikipedia",
    form="the XML of jawiki-DATE-pages-articles.xml.bz2, in one file or in parts",
    format="wikipedia",
    publisher="the Wikimedia Foundation, dumps of jawiki, file `Articles, templates, media/file descriptions, and"
    " primary meta-pages`, with jawiki-DATE-sha1sums.txt beside it",
    licence="CC BY-SA 4.0 and GFDL: name the source, and pass copies on under the same licence",
    members=("title", "text"),
    numbers=re.compile(r"-pages-articles(?P<n>\d+)\.xml"),
    note="Newer than Wiki-40B and with more in it; the papers took Wiki-40B. Both together are mostly duplicates.",
)

WEB = Corpus(
    name="web",
    title="web pages in Japanese",
    form="pages as WARC (.warc.gz, .wet.gz) or HTML files",
    format="auto",
    formats=("warc", "html"),
    publisher="their authors; crawl them yourself, or take WARC files of Common Crawl",
    licence="that of each page: keep to what its authors, robots.txt and the terms of use of the site allow",
    members=("text",),
    is_mixed=True,
    note="The papers scraped 49 MB of medical text of textbook quality. Web filters are on by default.",
)

CORPORA = {corpus.name: corpus for corpus in (WIKI_40B, OSCAR, WIKIPEDIA_DUMP, WEB)}
