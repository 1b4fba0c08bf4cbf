"""Every recipe, shrunk, from raw text to the tables."""

from pathlib import Path

from ncvc.demo.questions import write_questions
from ncvc.demo.stand_in import stand_ins
from ncvc.demo.text import write_terms
from tests.conftest import SLOW
from tests.hf.conftest import save_model
from tests.recipe.conftest import write_benchmarks
from tests.recipe.shrink import edit, small_copy
from tests.recipe.walk import walk
from tests.rows import write_lines, write_table
from tests.synthesize.made_up import answer
from tests.synthesize.server import Server
from tests.tune.conftest import stock_base


@SLOW
def test_cpu_tiny(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("cpu-tiny", tmp_path / "recipe", {3000: 2})
    write_lines(folder / "text/text.jsonl", [{"text": text} for text in texts])
    write_benchmarks(folder)
    page = walk(folder)
    assert 'href="scores/report.html"' in page
    assert 'href="loss.html"' in page
    tables = (folder / "scores/report.md").read_text(encoding="utf-8")
    assert "| base " in tables
    assert "| tuned " in tables


@SLOW
def test_clinical_notes(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("clinical-notes", tmp_path / "recipe", {4000: 2})
    rows = [["id", "主訴", "経過"]]
    rows += [[str(number), f"患者氏名：山田太郎。第{number}例。発熱", text] for number, text in enumerate(texts[:150])]
    write_table(folder / "notes/notes.csv", rows)
    edit(folder / "text.yaml", lambda text: text["sources"][1].update(text_field=["主訴", "経過"]))
    write_lines(folder / "general/text.jsonl", [{"text": text} for text in texts[150:]])
    write_terms(folder / "terms.csv")
    write_questions(folder / "questions-train.jsonl", folder / "questions-test.jsonl", 3, "\n".join(texts))
    page = walk(folder)
    assert 'href="text/report.html"' in page
    assert "| tuned " in (folder / "scores/report.md").read_text(encoding="utf-8")
    assert (folder / "tokens/notes.bin").stat().st_size > 1000
    assert "山田太郎".encode() not in b"".join(path.read_bytes() for path in (folder / "tokenizer").iterdir())
    report = (folder / "text/report.html").read_text(encoding="utf-8")
    assert "氏名" in report


@SLOW
def test_continued_pretraining(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("continued-pretraining", tmp_path / "recipe", {0: 0})
    edit(folder / "continued.yaml", shrink_documents)
    stock_base(folder / "open-model", "llama")
    write_lines(folder / "articles/articles.jsonl", [{"text": text} for text in texts[:60]])
    write_benchmarks(folder)
    page = walk(folder)
    assert 'href="loss.html"' in page
    tables = (folder / "scores/report.md").read_text(encoding="utf-8")
    assert all(f"| {model} " in tables for model in ("open-model", "continued", "tuned"))


def shrink_documents(config: dict) -> None:
    config["data"]["max_length"] = 128
    config["schedule"] = {"train_iters": 2, "global_batch_size": 2, "micro_batch_size": 1, "lr_warmup_iters": 0}
    config["compute"] = {"dtype": "float32"}


SAVED = {3200: 1, 6400: 2, 9600: 3, 12800: 4, 16000: 5, 19200: 6, 22400: 7, 24000: 8}
"""Steps of the papers' checkpoints, and those of the shrunk training."""
LONG = (
    "{number}番目の報告では、{drug}を投与された患者の{share}%で症状が軽くなり、二週間後の外来でも再発を認めなかった。"
)
SHORT = "{number}個買った。{drug}は安い。{share}円だ。"


def oscar(number: int) -> dict[str, object]:
    """A document as OSCAR-2301 publishes it, of one of two qualities."""
    sentence = LONG if number % 2 else SHORT
    lines = [sentence.format(number=number * 7 + i, drug=f"薬{number}号{i}", share=number + i) for i in range(5)]
    return {
        "content": "\n".join(lines),
        "warc_headers": {"warc-target-uri": f"http://example.org/{number}"},
        "metadata": {"identification": {"label": "ja", "prob": 0.99}, "harmful_pp": 4000.0, "tlsh": None,
                     "quality_warnings": ["noisy"] if number % 5 == 0 else None, "categories": None,
                     "sentence_identifications": []},
    }  # fmt: skip


def write_papers_inputs(folder: Path, texts: list[str]) -> None:
    articles = [
        f"\n_START_ARTICLE_\n第{n}項\n_START_PARAGRAPH_\n" + t.replace("\n", "_NEWLINE_") for n, t in enumerate(texts)
    ]
    rows = [{"wikidata_id": f"Q{n}", "text": text, "version_id": str(n)} for n, text in enumerate(articles)]
    write_lines(folder / "raw/wiki40b/train.jsonl", rows)
    write_lines(folder / "raw/oscar/ja_meta_part_1.jsonl", [oscar(number) for number in range(80)])
    (folder / "raw/medical").mkdir()
    (folder / "raw/medical/page.html").write_text(
        "<html><head><title>肺炎</title></head><body><article><h1>肺炎</h1>"
        + "".join(
            f"<p>肺炎の第{n}の説明である。細菌やウイルスが原因となり、発熱と咳嗽がみられる。</p>" for n in range(8)
        )
        + "</article></body></html>",
        encoding="utf-8",
    )
    write_table(
        folder / "raw/manbyo.csv",
        [["出現形", "ICDコード", "標準病名"], ["肺炎", "J189", "肺炎"], ["糖尿病", "E14", "糖尿病"]],
    )
    write_table(folder / "raw/drugs.csv", [["品名", "成分名"], ["アスピリン錠100mg", "アスピリン"]])


@SLOW
def test_ncvc_slm_1(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("ncvc-slm-1", tmp_path / "recipe", SAVED)
    write_papers_inputs(folder, texts)
    write_benchmarks(folder)
    save_model("llama", folder / "models/labeller")
    with stand_ins() as labeller, Server(answer) as server:
        edit(
            folder / "synthesize.yaml",
            lambda config: [writer.update(address=server.address) for writer in config["writers"]],
        )
        edit(folder / "recipe.yaml", lambda recipe: ask(recipe, f"{labeller}#rule"))
        page = walk(folder)
    for report in ("synthesized", "text", "quality/model", "tokens", "scores/checkpoints", "scores/models"):
        assert f'href="{report}/report.html"' in page
    tables = (folder / "scores/models/report.md").read_text(encoding="utf-8")
    for model in (
        "base-20b",
        "base-50b",
        "instruct-20b",
        "instruct-50b",
        "instruct-20b-exercises",
        "instruct-50b-exercises",
    ):
        assert f"| {model} " in tables
    curve = (folder / "scores/checkpoints/report.md").read_text(encoding="utf-8")
    assert all(f"step\\_{step:08}" in curve for step in SAVED.values())
    assert all(
        (folder / f"tokens/{name}.idx").is_file()
        for name in ("wikipedia", "oscar", "medical", "textbooks", "exercises")
    )


def ask(recipe: dict, address: str) -> None:
    """Lets the stand-in label, as no model of a test says 高 or 低."""
    for stage in recipe["stages"]:
        if stage["name"] == "labels":
            stage["ncvc"] = [address if word == "models/labeller" else word for word in stage["ncvc"]]
