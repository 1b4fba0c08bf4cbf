"""A page: its frame, its policy, and the example of the module's docstring."""

import html.parser
import textwrap

import ncvc.html
from ncvc import __version__
from ncvc.html.markup import Html, element
from ncvc.html.page import POLICY, page
from ncvc.outputs import is_page_or_picture, sealed

VOID = {"meta", "input"}


class Elements(html.parser.HTMLParser):
    """Elements of a page, each closed by its own end."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.text = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def example():
    """What the docstring of `ncvc.html` makes."""
    _, _, code = ncvc.html.__doc__.partition("A page with a table and a line chart:\n\n")
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 15
    names = {}
    exec(textwrap.dedent("\n".join(lines)), names)
    return names["text"]


def test_the_example_of_the_docstring():
    text = example()
    elements = Elements(text)
    tags = [tag for tag, _ in elements.found]
    assert [tags.count(tag) for tag in ("section", "table", "svg", "h1", "style", "script")] == [2, 1, 1, 1, 1, 0]
    shown = "".join(elements.text)
    for part in ("<medical>", "81.2%", "評価", "Evaluation", "step", "ステップ", "tuned: 9.1 at 2"):
        assert part in shown
    assert "<medical>" not in text


def test_a_page_loads_and_runs_nothing():
    elements = Elements(example())
    policies = [each["content"] for _, each in elements.found if each.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [POLICY]
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY
    for tag, attributes in elements.found:
        assert tag not in {"script", "link", "img", "iframe", "object", "base", "form", "a"}
        assert not {"src", "href", "xlink:href", "action"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in example()
    assert "@import" not in example()


def test_ids_are_unique_and_languages_complete():
    elements = Elements(example())
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert sorted(ids) == ["en", "ja"]
    languages = [attributes.get("lang") for tag, attributes in elements.found if tag == "span"]
    assert languages.count("en") == languages.count("ja") == 6  # with the title


def test_the_frame_escapes_too():
    text = page(("</title><b>", "題\u202e"), Html("<p></p>"), subtitle="<i>", version='1"><b>')
    elements = Elements(text)
    assert not {"b", "i"} & {tag for tag, _ in elements.found}
    assert "\u202e" not in text
    assert "題⟨U+202E⟩ / </title><b>" in "".join(elements.text)


def test_a_page_is_known_as_ours(tmp_path):
    text = page(("A", "あ"), element("p", "x"))
    (tmp_path / "page.html").write_text(sealed(text), encoding="utf-8")
    assert is_page_or_picture(tmp_path / "page.html")
    assert Elements(sealed(text)).found == Elements(text).found
    assert f'content="ncvc {__version__}"' in text
    assert page(("A", "あ"), element("p", "x")) == text
