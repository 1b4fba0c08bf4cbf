"""Writes the tables of docs/cleaning.md from the rules' own examples: `python tools/cleaning_table.py`."""

from pathlib import Path

from ncvc._native import cleaning_rules

DOCUMENT = Path(__file__).parent.parent / "docs/cleaning.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"


def visible(text: str) -> str:
    """`text` in a table's cell: what cannot be seen is named."""
    named = (f"⟨U+{ord(c):04X}⟩" if c in "\t\r\u200b\ufeff\u2028\u3099" else c for c in text)
    return "`" + "".join(named).replace("\n", "⏎").replace("|", "\\|") + "`" if text else "(nothing)"


def tables() -> str:
    """A section for each rule."""
    sections = []
    for number, (name, what, examples) in enumerate(cleaning_rules(), 1):
        rows = [f"| {visible(before)} | {visible(after)} | {why} |" for before, after, why in examples]
        head = [
            f"### {number}. `{name}`",
            "",
            f"{what[0].upper()}{what[1:]}.",
            "",
            "| before | after | why |",
            "| --- | --- | --- |",
        ]
        sections.append("\n".join([*head, *rows]) + "\n")
    return "\n".join(sections)


def main() -> None:
    """Replaces what stands between the marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    DOCUMENT.write_text(before + BEGIN + tables() + rest[rest.index(END) :], encoding="utf-8")


if __name__ == "__main__":
    main()
