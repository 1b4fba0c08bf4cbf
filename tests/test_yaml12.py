"""YAML 1.2's core schema, and documents that would take without end."""

import math
import time

import pytest
import yaml

from ncvc.yaml12 import YamlError, dump, load

# The table in 10.3.2 of the specification of YAML 1.2.2, and what 1.1 read otherwise.
VALUES = {
    "null": None, "Null": None, "~": None, "": None, "NULL": None,
    "true": True, "True": True, "FALSE": False, "false": False,
    "off": "off", "on": "on", "yes": "yes", "No": "No", "y": "y", "NO": "NO",
    "0": 0, "-19": -19, "+12": 12, "0o7": 7, "0o14": 12, "0x3A": 58, "0xff": 255,
    "0777": "0777", "007": "007", "1_000": "1_000", "0b11": "0b11", "1:30": "1:30", "190:20:30": "190:20:30",
    "0.": 0.0, "-0.0": 0.0, ".5": 0.5, "+12e03": 12000.0, "-2E+05": -200000.0, "1e-3": 0.001, "6.5": 6.5, "12e4": 120000.0,
    ".inf": math.inf, "-.Inf": -math.inf, "+.INF": math.inf,
    "2001-12-14": "2001-12-14", "2020-13-45": "2020-13-45", "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "1.2.3": "1.2.3", ".": ".", "=": "=", "e5": "e5", "1e": "1e", "患者": "患者",
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_plain_scalars_are_of_the_core_schema(text):
    _, value = load(f"key: {text}")
    assert value["key"] == VALUES[text]
    assert type(value["key"]) is type(VALUES[text])


def test_not_a_number_is_read():
    assert math.isnan(load("key: .nan")[1]["key"])


@pytest.mark.parametrize(
    "text",
    [*(key for key in VALUES if key), "12e4", "off", "1:30", "a: b", "- x", "#1", "'", '"', " x ", "a\nb", "\u2028"],
)
def test_text_comes_back_as_it_was_written(text):
    value = {"run": text, "list": [text]}
    assert load(dump(value))[1] == value
    assert yaml.safe_load(dump(value)) == value  # by a reader of YAML 1.1


@pytest.mark.parametrize("number", [0, -3, 10**18, 0.1, 1e-5, 1e22, 120000.0, -0.0, 3e-4, 5e-324])
def test_numbers_come_back_as_they_were_written(number):
    _, value = load(dump({"n": number}))
    assert value["n"] == number
    assert type(value["n"]) is type(number)


LEVELS = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
LEVELS += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\n".join(LEVELS), 0, "more than 100,000 values"),
        ("a: 1\nb: &t [*t]", 2, "leads back"),
        ("b: &t {a: *t}", 1, "leads back"),
        ("x: &x\n  <<: *x", 0, "leads back"),
        ("a: " + "[" * 3000, 0, "nested deeper"),
        ("a: " + "[" * 60 + "]" * 60, 1, "nested deeper"),
        ("a:\n  b: " + "9" * 5000, 2, "a number of 5000 digits"),
        ("a: 1\nb: !!python/object/apply:os.system [x]", 2, "could not determine a constructor"),
        ("a: 1\n{{", 2, "expected"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: \x00", 0, "special characters"),
        ("a: !!int x", 0, "invalid literal"),
    ],
)
def test_what_cannot_be_read_is_named_at_once(text, line, words):
    began = time.process_time()
    with pytest.raises(YamlError, match=words) as error:
        load(text)
    assert line in (0, error.value.line)
    assert "\n" not in str(error.value)
    assert time.process_time() - began < 5


def test_aliases_and_merged_keys_are_read():
    _, value = load("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: [*a, *a]")
    assert value["b"] == {"x": 1, "y": 3}
    assert value["c"] == [{"x": 1, "y": 2}] * 2


def test_nodes_have_their_lines():
    root, _ = load("a: 1\nb:\n  - 2\n")
    assert [key.start_mark.line for key, _ in root.value] == [0, 1]
    assert load("") == (None, None)
