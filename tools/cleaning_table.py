"""Writes the tables of docs/cleaning.md from the rules' own examples: `python tools/cleaning_table.py`."""

from pathlib import Path

from ncvc._native import cleaning_rules, clinical_categories

DOCUMENT = Path(__file__).parent.parent / "docs/cleaning.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"
CLINICAL_BEGIN, CLINICAL_END = "<!-- clinical: begin -->\n", "<!-- clinical: end -->\n"


def visible(text: str) -> str:
    """`text` in a table's cell: what cannot be seen is named."""
    named = (f"⟨U+{ord(c):04X}⟩" if c in "\t\r\u200b\ufeff\u2028\u3099\ufffd" else c for c in text)
    return "`" + "".join(named).replace("\n", "⏎").replace("|", "\\|") + "`" if text else "(nothing)"


def section(title: str, what: str, examples: list[tuple[str, str, str]]) -> str:
    """A heading, a sentence and a table."""
    rows = [f"| {visible(before)} | {visible(after)} | {why} |" for before, after, why in examples]
    head = [f"### {title}", "", what, "", "| before | after | why |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def tables() -> str:
    """A section for each rule."""
    rules = enumerate(cleaning_rules(), 1)
    return "\n".join(
        section(f"{number}. `{name}`", f"{what[0].upper()}{what[1:]}.", examples)
        for number, (name, what, examples) in rules
    )


def clinical_tables() -> str:
    """A section for each category of the clinical set."""
    return "\n".join(
        section(f"`{name}` {tag}", f"{what[0].upper()}{what[1:]}. Source: {source}.", examples)
        for name, tag, what, source, examples in clinical_categories()
    )


def main() -> None:
    """Replaces what stands between the marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for begin, end, new in [(BEGIN, END, tables()), (CLINICAL_BEGIN, CLINICAL_END, clinical_tables())]:
        before, rest = text.split(begin)
        text = before + begin + new + rest[rest.index(end) :]
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
