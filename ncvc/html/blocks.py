"""Sections and tables of a page."""

from collections.abc import Sequence


def section(title: str, body: str, note: str = "") -> str:
    """A titled card."""
    return f"<section><h2>{title}</h2>{f'<p class=note>{note}</p>' if note else ''}{body}</section>" if body else ""


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """A table that scrolls alone where the page is narrow; the first column holds names, the others numbers."""
    cells = "".join(f"<th{' class=n' if i else ''}>{cell}</th>" for i, cell in enumerate(head))
    return f'<div class="wide"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'


def row(name: str, *cells: str, kind: str = "") -> str:
    """A row of such a table."""
    numbers = "".join(f'<td class="n">{cell}</td>' for cell in cells)
    return f'<tr class="{kind}"><td>{name}</td>{numbers}</tr>'
