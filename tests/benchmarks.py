"""Small made-up benchmarks in the form of JMED-LLM and IgakuQA, on which tests run without the real ones."""

import csv
from pathlib import Path

from tests.rows import write_lines

CHOICES = {"jmmlu_med": "ABCD", "crade": "ABCD", "rrtnm": "ABCDE", "smdis": "AB", "jcsts": "ABCDEF"}
ALL_OF = {"jmmlu_med": "JMMLU-Med", "crade": "CRADE", "rrtnm": "RRTNM", "smdis": "SMDIS", "jcsts": "JCSTS"}
TEST_ROWS = 4
"""Test rows a task; as many are left for training, of which the first shares the first test row's document."""


def choice_rows(task: str) -> list[dict[str, str]]:
    letters = CHOICES[task]
    rows = []
    for number in range(2 * TEST_ROWS):
        about = 0 if number == TEST_ROWS else number
        row = {"tag": "心臓" if number % 2 else "肺"} if task != "jcsts" else {}
        row["question"] = f"問{number}の正しい答えは？\n「{task}の症例{about}。発熱が続いた。\nその後軽快した。」"
        row |= {f"option{letter}": f"選択肢{letter}{number}" for letter in letters}
        if task == "rrtnm" and number % 2:
            row["optionD"] = row["optionE"] = ""
        row["answer"] = letters[number % 2]
        rows.append(row)
    return rows


def entity_rows(task: str, tags: list[str]) -> list[dict[str, str]]:
    return [
        {
            "tag": tags[number % len(tags)],
            "question": f"{tags[number % len(tags)]}の表現{number}は？\n「{task}の記録{0 if number == TEST_ROWS else number}。発熱と咳。」",
            "answer": str([f"発熱{number}", "咳", "Ｓ－１"][: 1 + number % 3]),
        }
        for number in range(2 * TEST_ROWS)
    ]


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_jmed_llm(folder: Path) -> Path:
    """Writes a checkout of eight tasks with `TEST_ROWS` test rows and as many others each."""
    datasets = folder / "datasets"
    for task, name in ALL_OF.items():
        rows = choice_rows(task)
        write_csv(datasets / f"{task}.csv", rows[:TEST_ROWS])
        write_csv(datasets / "all" / f"{name}.csv", rows[::-1])
    disease, medicine, nursing = (
        entity_rows("mrner_disease", ["d"]),
        entity_rows("mrner_medicine", ["m-key", "m-val"]),
        entity_rows("nrner", ["d", "m-key", "m-val"]),
    )
    write_csv(datasets / "mrner_disease.csv", disease[:TEST_ROWS])
    write_csv(datasets / "mrner_medicine.csv", medicine[:TEST_ROWS])
    write_csv(datasets / "nrner.csv", nursing[:TEST_ROWS])
    write_csv(datasets / "all/RRNER.csv", disease[:3])
    write_csv(datasets / "all/CRNER.csv", disease[3:] + medicine)
    write_csv(datasets / "all/NRNER.csv", nursing)
    return folder


def problem(number: int, name: str) -> tuple[dict[str, object], dict[str, object]]:
    answer = [["c"], ["a", "b"], ["26"]][number % 3]
    choices = [] if number % 3 == 2 else [f"選択肢{number}-{i}" for i in range(5)]
    row: dict[str, object] = {
        "problem_id": name,
        "problem_text": f"問題{number}について正しいのはどれか。",
        "choices": choices,
        "text_only": number % 2 == 0,
        "answer": answer,
        "points": "3" if number % 2 else "1",
    }
    about = {"problem_id": name, "category": "循環器" if number % 2 else "血液", "kinki": ["de"] if number == 0 else []}
    return row, about


def write_igakuqa(folder: Path, *, demonstrations: bool = True) -> Path:
    """Writes a checkout of two years with the sections A and B of three problems each."""
    for year, examination in ((2018, 112), (2019, 113)):
        for section in "AB":
            made = [problem(number, f"{examination}{section}{number + 1}") for number in range(3)]
            path = folder / "data" / str(year) / f"{examination}-{section}.jsonl"
            write_lines(path, [row for row, _ in made])
            write_lines(path.with_name(f"{path.stem}_metadata.jsonl"), [about for _, about in made])
            write_lines(path.with_name(f"{path.stem}_translate.jsonl"), [{"problem_id": "x"}])
    if demonstrations:
        write_lines(folder / "scripts/prompts/prompt.jsonl", [problem(0, "100E5")[0], problem(1, "100A60")[0]])
    return folder
