"""Published lists of diseases and of drugs: names, forms, columns and licences."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TermList:
    """A published list of names."""

    name: str
    """Name of the command."""
    kind: str
    """Kind of the topics that it gives."""
    title: str
    form: str
    """Its form as it is published; end of the sentence `expected …`."""
    publisher: str
    licence: str
    columns: Mapping[str, tuple[str, ...]]
    """Member of `Entry` → names of its column; the first two members are needed."""
    header: tuple[str, ...]
    """Columns of the list of terms that is written."""


MANBYO = TermList(
    name="manbyo",
    kind="disease",
    title="J-MeDic (万病辞書)",
    form="MANBYO_*.csv, .xlsx or .txt with the columns 出現形 and 標準病名; the same without a header, as 出現形,"
    " ICDコード, 標準病名; or the CSV of its user dictionary for MeCab",
    publisher="Social Computing Laboratory, Nara Institute of Science and Technology, page 万病辞書",
    licence="as the README says that comes with it; name the source",
    columns={
        "name": ("出現形", "surface", "病名", "病名表記"),
        "belongs_to": ("標準病名", "standard_name", "病名表記"),
        "code": ("ICDコード", "ICD10コード", "ICD", "icd10"),
        "level": ("信頼度LEVEL", "信頼度レベル", "信頼度"),
    },
    header=("出現形", "標準病名", "ICD10コード", "信頼度LEVEL"),
)
DRUG_PRICES = TermList(
    name="drug-prices",
    kind="drug",
    title="the price list of the health insurance (薬価基準収載品目リスト)",
    form="its Excel files for 内用薬, 注射薬, 外用薬 and 歯科用薬剤, or one CSV of them, with the columns 品名 and"
    " 成分名",
    publisher="Ministry of Health, Labour and Welfare, page 薬価基準収載品目リスト及び後発医薬品に関する情報について",
    licence="terms of use of the ministry's web site (公共データ利用規約); name the source",
    columns={
        "name": ("品名", "name"),
        "belongs_to": ("成分名", "一般名", "generic"),
        "code": ("薬価基準収載医薬品コード",),
    },
    header=("薬品名", "成分名", "種別"),
)
TERM_LISTS = {each.name: each for each in (MANBYO, DRUG_PRICES)}
