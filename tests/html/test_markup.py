"""Text of the data is text, wherever it is put."""

import html

import pytest

from ncvc.html.blocks import facts, folded, heading_row, legend, row, section, table
from ncvc.html.labels import both, named, rank
from ncvc.html.markup import Html, element, escaped, joined, markup, plain

HOSTILE = "<script>x</script>\"'&amp;\u202e\u0000\ud800\u2028"
SHOWN = "<script>x</script>\"'&amp;⟨U+202E⟩⟨U+0000⟩⟨U+D800⟩⟨U+2028⟩"


def test_text_becomes_what_is_shown():
    assert html.unescape(plain(HOSTILE)) == SHOWN
    assert not set("<>\"'") & set(plain(HOSTILE))
    assert escaped("a\u200fb\n") == "<bdi>a⟨U+200F⟩b\n</bdi>"
    assert plain("ﾊﾟ が か\u3099 👩\t") == "ﾊﾟ が か\u3099 👩\t"


def test_only_html_is_markup():
    assert markup(Html("<b>")) == "<b>"
    assert markup("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert markup("") == ""
    assert joined(["<", Html("<i>"), ""], Html(", ")) == "<bdi>&lt;</bdi>, <i>, "
    # What a string operation makes of markup is text again.
    assert markup(Html("<b>") + "<i>") == "<bdi>&lt;b&gt;&lt;i&gt;</bdi>"


def test_an_element():
    assert element("td", "1", class_="n", data_x='"', title="") == '<td class="n" data-x="&quot;"><bdi>1</bdi></td>'
    assert element("rect", x=1.26, width=2) == '<rect x="1.3" width="2.0"></rect>'


@pytest.mark.parametrize(
    "made",
    [
        both(HOSTILE, HOSTILE),
        named(HOSTILE, {}),
        section(HOSTILE, Html("x"), note=HOSTILE),
        table([HOSTILE], [row(HOSTILE, HOSTILE)]),
        heading_row(HOSTILE, 2),
        facts([(HOSTILE, HOSTILE, HOSTILE)]),
        legend([(HOSTILE, HOSTILE)]),
        folded(HOSTILE, element("p", HOSTILE)),
    ],
)
def test_no_block_lets_text_through(made):
    assert isinstance(made, Html)
    assert "<script" not in made
    assert made.count("⟨U+202E⟩") == made.count("&lt;script&gt;") > 0
    made.encode()


def test_what_has_no_data_is_nothing():
    assert section("title", Html(""), table(["a"], []), note="note") == ""


def test_a_table_sets_numbers_to_the_right():
    made = table(["name", "n"], [row("a", "1"), row("sum", "2", total=True, bar=Html("<i></i>"))])
    assert made.count('class="n"') == 3
    assert '<tr class="sum"><td><bdi>sum</bdi></td>' in made
    assert '<td class="bars"><i></i></td>' in made


def test_names_have_a_place_and_a_translation():
    known = {"too short": "短すぎる"}
    assert named("too_short", known) == both("too short", "短すぎる")
    assert named("new_one", known) == both("new one", "new one")
    assert [rank(name, known) for name in ("too_short", "new")] == [0, 1]
