"""Tables 2 to 7 of the technical report, as published: names of models and scores, in its order."""

from dataclasses import dataclass

Cells = tuple[str, ...]


@dataclass(frozen=True)
class PaperTable:
    """A table of results."""

    number: int
    english: str
    japanese: str
    tasks: tuple[str, ...]
    """Tasks of the columns, by the names of `ncvc data`."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, Cells], ...]
    scores: tuple[str, str]
    """The two scores of a cell, outside and in the brackets, by the names of `TaskScores.scores`."""


EXAM = tuple(f"igakuqa_{year}" for year in range(2018, 2023))
CHOICE = ("jmmlu_med", "crade", "rrtnm", "smdis", "jcsts")
ENTITIES = ("mrner_disease", "mrner_medicine", "nrner")

_POINTS = ("points", "share")
_KAPPA = ("kappa", "accuracy")
_F1 = ("original_partial_f1", "exact_f1")
_YEARS = ("2018", "2019", "2020", "2021", "2022")
_CHOICE_HEADS = ("JMMLU-Med", "CRADE", "RRTNM", "SMDIS", "JCSTS")
_ENTITY_HEADS = ("MRNER-disease", "MRNER-medicine", "NRNER")


def _rows(text: str) -> tuple[tuple[str, Cells], ...]:
    """Reads lines of a name and cells, apart by `|`."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return tuple((cells[0], tuple(cells[1:])) for cells in lines)


_TABLE_2 = """
GPT-4 | 382 (76.6%) | 385 (77.6%) | 387 (78.0%) | 398 (79.6%) | 392 (79.4%)
ChatGPT (gpt-3.5-turbo) | 266 (53.3%) | 250 (50.4%) | 266 (53.6%) | 297 (59.4%) | 287 (58.1%)
GPT-3 (text-davinci-003) | 209 (41.9%) | 210 (42.3%) | 208 (41.9%) | 203 (40.6%) | 217 (43.9%)
c4ai-command-r-plus | 321 (64.3%) | 303 (61.1%) | 320 (64.5%) | 302 (60.4%) | 335 (67.8%)
Qwen2-72B | 320 (64.1%) | 325 (65.5%) | 325 (65.5%) | 326 (65.2%) | 360 (72.9%)
Llama3-Preferred-MedSwallow-70B | 407 (81.6%) | 390 (78.6%) | 391 (78.8%) | 393 (78.6%) | 395 (80.0%)
Llama3-Swallow-70B-v0.1 | 353 (70.7%) | 347 (70.0%) | 353 (71.2%) | 345 (69.0%) | 345 (69.8%)
Meta-Llama-3-70B | 353 (70.7%) | 340 (68.5%) | 348 (70.2%) | 314 (62.8%) | 318 (64.4%)
Swallow-70b-NVE-hf | 283 (56.7%) | 280 (56.5%) | 300 (60.5%) | 295 (59.0%) | 300 (60.7%)
Swallow-MX-8x7b-NVE-v0.1 | 269 (53.9%) | 285 (57.5%) | 290 (58.5%) | 277 (55.4%) | 290 (58.7%)
gemma-2-27b | 337 (67.5%) | 298 (60.1%) | 327 (65.9%) | 296 (59.2%) | 322 (65.2%)
NCVC-slm-1-base (seen 20B tokens) | 70 (14.0%) | 64 (12.9%) | 73 (14.7%) | 77 (15.4%) | 57 (11.5%)
NCVC-slm-1-base (seen 50B tokens) | 62 (12.4%) | 64 (12.9%) | 83 (16.7%) | 78 (15.6%) | 56 (11.3%)
NCVC-slm-1-instruct (seen 20B tokens) | 102 (20.4%) | 93 (18.8%) | 77 (15.5%) | 106 (21.2%) | 95 (19.2%)
NCVC-slm-1-instruct (seen 50B tokens) | 115 (23.0%) | 87 (17.5%) | 84 (16.9%) | 82 (16.4%) | 80 (16.2%)
Total number of problems | 499 | 496 | 496 | 500 | 494
"""
_TABLE_3 = """
GPT-4o-2024-08-06 | 0.82(0.87) | 0.54(0.53) | 0.85(0.90) | 0.76(0.88) | 0.60(0.48)
GPT-4o-mini-2024-07-18 | 0.77(0.83) | 0.21(0.37) | 0.58(0.71) | 0.56(0.78) | 0.57(0.51)
gemma-2-9b-it | 0.52(0.64) | 0.33(0.42) | 0.54(0.68) | 0.62(0.81) | 0.16(0.24)
Llama-3-ELYZA-JP-8B | 0.34(0.51) | 0.01(0.26) | 0.29(0.52) | 0.54(0.77) | 0.02(0.18)
Meta-Llama-3.1-8B-Instruct | 0.31(0.49) | 0.11(0.32) | 0.41(0.57) | 0.28(0.64) | 0.13(0.23)
Meta-Llama-3-8B-Instruct | 0.42(0.57) | 0.00(0.25) | 0.37(0.54) | 0.43(0.72) | 0.16(0.24)
Llama-3-Swallow-8B-Instruct-v0.1 | 0.33(0.50) | 0.31(0.37) | 0.33(0.55) | 0.26(0.63) | 0.01(0.17)
Qwen2-7B-Instruct | 0.42(0.57) | 0.11(0.29) | 0.31(0.53) | 0.33(0.67) | 0.37(0.31)
gemma-2-2b-it | 0.17(0.38) | 0.00(0.25) | 0.24(0.42) | 0.14(0.57) | 0.12(0.21)
Llama-3-youko-8b-insturct | 0.31(0.49) | 0.02(0.28) | 0.28(0.47) | 0.50(0.75) | 0.01(0.20)
NCVC-slm-1-base (seen 20B tokens) | 0.03(0.27) | -0.00(0.16) | -0.07(0.10) | 0.01(0.01) | 0.05(0.18)
NCVC-slm-1-base (seen 50B tokens) | 0.13(0.35) | -0.02(0.21) | -0.10(0.06) | 0.02(0.09) | -0.03(0.12)
NCVC-slm-1-instruct (seen 20B tokens) | 0.19(0.39) | 0.61(0.67) | 0.36(0.53) | 0.98(0.99) | 0.75(0.67)
NCVC-slm-1-instruct (seen 50B tokens) | 0.26(0.44) | 0.50(0.59) | 0.42(0.58) | 0.98(0.99) | 0.76(0.66)
"""
_TABLE_4 = """
GPT-4o-2024-08-06 | 0.54(0.15) | 0.42(0.26) | 0.39(0.20)
GPT-4o-mini-2024-07-18 | 0.48(0.13) | 0.52(0.32) | 0.48(0.25)
gemma-2-9b-it | 0.61(0.16) | 0.65(0.42) | 0.53(0.30)
Llama-3-ELYZA-JP-8B | 0.83(0.31) | 0.51(0.31) | 0.47(0.26)
Meta-Llama-3.1-8B-Instruct | 0.82(0.30) | 0.54(0.32) | 0.36(0.18)
Meta-Llama-3-8B-Instruct | 0.60(0.20) | 0.44(0.25) | 0.41(0.21)
Llama-3-Swallow-8B-Instruct-v0.1 | 0.56(0.17) | 0.37(0.21) | 0.42(0.24)
Qwen2-7B-Instruct | 0.24(0.06) | 0.29(0.14) | 0.33(0.17)
gemma-2-2b-it | 0.66(0.20) | 0.46(0.23) | 0.46(0.26)
Llama-3-youko-8b-insturct | 0.02(0.00) | 0.05(0.02) | 0.11(0.07)
NCVC-slm-1-base (seen 20B tokens) | 0.00(0.00) | 0.00(0.00) | 0.00(0.00)
NCVC-slm-1-base (seen 50B tokens) | 0.00(0.00) | 0.00(0.00) | 0.00(0.00)
NCVC-slm-1-instruct-20B | 0.87(0.35) | 0.65(0.38) | 0.86(0.61)
NCVC-slm-1-instruct-50B | 0.90(0.24) | 0.55(0.34) | 0.88(0.66)
"""
_TABLE_5 = """
base-seen-20B (JMED-LLM only) | 102 (20.4%) | 93 (18.8%) | 77 (15.5%) | 106 (21.2%) | 95 (19.2%)
base-seen-50B (JMED-LLM only) | 115 (23.0%) | 87 (17.5%) | 84 (16.9%) | 82 (16.4%) | 80 (16.2%)
base-seen-20B (with Synthetic) | 42 (8.4%) | 44 (8.9%) | 30 (6.0%) | 25 (5.0%) | 33 (6.7%)
base-seen-50B (with Synthetic) | 78 (15.6%) | 73 (14.7%) | 78 (15.7%) | 57 (11.4%) | 57 (11.5%)
"""
_TABLE_6 = """
base-seen-20B (JMED-LLM only) | 0.19(0.39) | 0.61(0.67) | 0.36(0.53) | 0.98(0.99) | 0.75(0.67)
base-seen-50B (JMED-LLM only) | 0.26(0.44) | 0.50(0.59) | 0.42(0.58) | 0.98(0.99) | 0.76(0.66)
base-seen-20B (with Synthetic) | 0.33(0.50) | 0.53(0.59) | 0.31(0.51) | 0.96(0.98) | 0.67(0.52)
base-seen-50B (with Synthetic) | 0.32(0.49) | 0.51(0.60) | 0.41(0.57) | 0.92(0.96) | 0.70(0.63)
"""
_TABLE_7 = """
base-seen-20B (JMED-LLM only) | 0.87(0.35) | 0.65(0.38) | 0.86(0.61)
base-seen-50B (JMED-LLM only) | 0.90(0.34) | 0.55(0.34) | 0.88(0.66)
base-seen-20B (with Synthetic) | 0.91(0.31) | 0.62(0.34) | 0.92(0.63)
base-seen-50B (with Synthetic) | 0.98(0.35) | 0.69(0.42) | 0.90(0.64)
"""

TABLES = (
    PaperTable(2, "IgakuQA: points (share)", "IgakuQA：得点（得点率）", EXAM, _YEARS, _rows(_TABLE_2), _POINTS),
    PaperTable(
        3, "JMED-LLM: kappa (accuracy)", "JMED-LLM：κ係数（正解率）", CHOICE, _CHOICE_HEADS, _rows(_TABLE_3), _KAPPA
    ),
    PaperTable(
        4,
        "Entities: partial F1 (exact F1)",
        "固有表現抽出：部分一致F1（完全一致F1）",
        ENTITIES,
        _ENTITY_HEADS,
        _rows(_TABLE_4),
        _F1,
    ),
    PaperTable(
        5,
        "IgakuQA, with and without synthesized exercises",
        "IgakuQA：合成演習問題の有無",
        EXAM,
        _YEARS,
        _rows(_TABLE_5),
        _POINTS,
    ),
    PaperTable(
        6,
        "JMED-LLM, with and without synthesized exercises",
        "JMED-LLM：合成演習問題の有無",
        CHOICE,
        _CHOICE_HEADS,
        _rows(_TABLE_6),
        _KAPPA,
    ),
    PaperTable(
        7,
        "Entities, with and without synthesized exercises",
        "固有表現抽出：合成演習問題の有無",
        ENTITIES,
        _ENTITY_HEADS,
        _rows(_TABLE_7),
        _F1,
    ),
)
