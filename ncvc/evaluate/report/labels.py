"""Words of the report in English and Japanese, and numbers as its tables have them."""

from collections.abc import Mapping

from ncvc.evaluate.task_scores import Score
from ncvc.html.labels import both
from ncvc.html.markup import Html

TASKS: Mapping[str, str] = {
    "jmmlu_med": "JMMLU-Med",
    "crade": "CRADE",
    "rrtnm": "RRTNM",
    "smdis": "SMDIS",
    "jcsts": "JCSTS",
    "mrner_disease": "MRNER-disease",
    "mrner_medicine": "MRNER-medicine",
    "nrner": "NRNER",
}
SCORES: Mapping[str, tuple[str, str]] = {
    "kappa": ("kappa*", "κ係数*"),
    "accuracy": ("accuracy*", "正解率*"),
    "accuracy_normalised": ("accuracy, normalised", "正解率（正規化後）"),
    "likelihood": ("by likelihood of the letter", "尤度（選択肢の記号）"),
    "likelihood_text": ("by likelihood of the text", "尤度（選択肢の文）"),
    "likelihood_text_per_character": ("by likelihood per character", "尤度（文・1文字あたり）"),
    "exact_f1": ("exact F1*", "完全一致F1*"),
    "original_partial_f1": ("“partial” F1* (can pass 1)", "「部分一致」F1*（1を超えうる）"),
    "partial_f1": ("partial F1", "部分一致F1（真）"),
    "exact_f1_normalised": ("exact F1, normalised", "完全一致F1（正規化後）"),
    "partial_f1_normalised": ("partial F1, normalised", "部分一致F1（真・正規化後）"),
    "forbidden": ("forbidden choices taken", "禁忌肢の選択率"),
}
UNPARSEABLE: Mapping[str, str] = {
    "empty": "空",
    "no letter": "記号なし",
    "other letter": "選択肢にない記号",
    "other count": "選択数の不一致",
    "no number": "数値なし",
    "not Python": "リストとして読めない",
    "not a literal": "リテラルでない式",
    "not a list": "リストでない",
    "nested": "入れ子のリスト",
    "too long": "質問が長すぎる",
}
VERDICTS: Mapping[str, str] = {"right": "正解", "wrong": "不正解", "unparseable": "読み取り不能"}


def task_name(task: str) -> str:
    """The published name of a task; the year of an examination."""
    return TASKS.get(task, task.replace("igakuqa_", "IgakuQA "))


def score_name(name: str) -> Html:
    """The name of a score in both languages."""
    return both(*SCORES.get(name, (name, name)))


def two_decimals(value: float | None) -> str:
    """A score with two decimals, as the papers have them, and no negative zero; – for none."""
    return "–" if value is None else f"{value:z.2f}"


def interval(score: Score) -> str:
    """A score's 95 % interval, [–, –] for none; kappa may be negative, and a dash before a minus would not do."""
    return f"[{two_decimals(score.low)}, {two_decimals(score.high)}]"
