"""Blocks of a page: sections, tables, facts, legends, parts that fold out."""

from collections.abc import Iterable, Sequence

from ncvc.html.markup import Html, element, joined


def section(title: str | Html, *body: Html, note: str | Html = "") -> Html:
    """A titled card; nothing without a body."""
    if not any(body):
        return Html("")
    return element("section", element("h2", title), element("p", note, class_="note") if note else "", *body)


def table(head: Sequence[str | Html], rows: Sequence[Html]) -> Html:
    """A table that scrolls alone where the page is narrow; nothing without rows.

    The first column holds names, the others numbers. Rows are made by `row` or `heading_row`.
    """
    if not rows:
        return Html("")
    cells = (element("th", cell, class_="n" if i else "") for i, cell in enumerate(head))
    return element("div", element("table", element("tr", *cells), *rows), class_="wide")


def row(name: str | Html, *cells: str | Html, bar: Html | None = None, total: bool = False) -> Html:
    """A row of a table; `bar` is drawn in a last, wide cell, and `total` sets the row apart as a sum."""
    numbers = (element("td", cell, class_="n") for cell in cells)
    last = element("td", bar, class_="bars") if bar is not None else ""
    return element("tr", element("td", name), *numbers, last, class_="sum" if total else "")


def heading_row(name: str | Html, columns: int) -> Html:
    """A row that names those below it."""
    return element("tr", element("td", name, colspan=str(columns)), class_="group")


def facts(boxes: Iterable[tuple[str | Html, str | Html, str | Html]]) -> Html:
    """Boxes of a name, a large value and a remark, for the head of a page."""
    return element(
        "div",
        *(
            element("div", element("small", name), element("b", value), element("small", remark))
            for name, value, remark in boxes
        ),
        class_="facts",
    )


def legend(keys: Iterable[tuple[str, str | Html]], *, in_row: bool = True) -> Html:
    """Colours and their names; a colour is `c0` to `c7`, `before` or `after` of the style."""
    items = (element("li", element("span", class_=f"key {colour}"), name) for colour, name in keys)
    return element("ul", *items, class_="legend row" if in_row else "legend")


def folded(summary: str | Html, *body: Html, is_open: bool = False) -> Html:
    """A body that folds out below its summary."""
    inside = joined([element("summary", summary), *body])
    return Html(f"<details{' open' if is_open else ''}>{inside}</details>")
