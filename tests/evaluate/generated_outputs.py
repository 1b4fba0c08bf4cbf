"""Outputs such as models give and attackers write: seeded, the same on every machine."""

import random

COUNT = 10_000
LONG = 100_000
ENTITIES = [
    "肺炎",
    "細菌性肺炎",
    "発熱",
    "38℃",
    "３８℃",
    "ｱｽﾋﾟﾘﾝ",
    "アスピリン",
    "アスピリン錠100mg",
    "DM",
    "a",
    "ab",
    "",
    "が",
    "か\u3099",
]
SPACES = ["", " ", "\n", "\t", "\r\n", "\u3000", "\xa0", "\x0b", "\x0c", "\u200b", "\ufeff", "   \n\n "]
WORDS = [
    "答え",
    "は",
    "正解:",
    "選択肢",
    "です。",
    "The answer is ",
    "vitamin ",
    "、",
    ",",
    "，",
    "(",
    ")",
    "\n",
    " ",
    "\u3000",
    "**",
    "abc",
]
ODD = [
    "\0",
    "\ud800",
    "\udfff",
    "😀",
    "👩\u200d⚕️",
    "Ⓐ",
    "𝐁",
    "Æ",
    "ⅷ",
    "℃",
    "ﬁ",
    "①",
    "が",
    "か\u3099",
    "\u202e",
    "\x1b[2J",
    "İ",
    "ß",
    "ﾊﾞ",
    "’",
    "”",
    "‘",
    "ー",
    "￥",
]
CODE = [
    "1/0", "[1/0]", "x", "[x]", "print('A')", "lambda: ['a']", "['a'] + ['b']", "['a'] * 3", "['a'][0]", "[f'a']", "f'{1}'", "[*['a']]",
    "[a for a in 'ab']", "list('ab')", "sorted(['a'])", "['a' if 1 else 'b']", "(y := ['a'])", "['a'].copy()", "not []", "[1 + 1]", "[--1]",
    "[-True]", "[~1]", "1 if 1 else 2", "x = ['a']", "import os", "del x", "return ['a']", "['a']; ['b']", "['a'] # B", "# A\n['a']", "await x",
    "yield", "[...]", "Ellipsis", "[None]", "None", "True", "__debug__", "9" * 5000, "[0b11, 0o7, 0xF, 1_000]", "[1e999, -1e999]",
    "[1+2j, -1-2j]", "[2j+1]", "set()", "[set()]", "{*()}", "{**{}}", "{[]: 1}", "[{[]: 1}]", "[{1, 2}]", "[([],)]", "[((1,), 'a')]", "{'a': ['b']}",
    "('a', 'b')", "'a', 'b'", "b'a'", "[b'a', 'a']", "[rb'\\d', r'\\d', u'a']", "['a' 'b']", "['\\d']", "['\\N{BULLET}']", "['\\N{no such}']",
    "['\\ud800']", "['\\x0']", "['\\0']", "['''a\nb''']", "['a\nb']", "['a'\n,'b']", "['a',]", "[,]", "['a',,'b']", "['a' b]", "[‘a’]", "「a」", "［'a'］",
    "['a'、'b']", "```python\n['a']\n```", "回答: ['a']", "['a']。", "\\\n['a']", "['a']\n\n", " ['a']", "\n['a']", "\f['a']", "['a']\0", "\\",
]  # fmt: skip
"""Expressions, statements and slips, each once at least among the outputs."""


def attacks(canary: str) -> list[str]:
    """Expressions of which each, run by `eval`, leaves a file at `canary`."""
    write = f"open({canary!r}, 'w').close()"
    return [
        f"__import__('os').system('touch {canary}')",
        f"[__import__('os').system('touch {canary}')]",
        f"[open({canary!r}, 'w')]",
        f"['a', {write}]",
        f'[f\'{{__import__("pathlib").Path("{canary}").touch()}}\']',
        f"exec({write!r})",
        f"eval({write!r}) or ['a']",
        f"(lambda: {write})()",
        f"[{write} for _ in 'a']",
        f"{{'a': {write}}}",
        f"{{{write}}}",
        f"[*[{write}]]",
        f"['a'][{write} or 0]",
        f"{write} if 1 else 'A'",
        f"__import__('subprocess').run(['touch', {canary!r}])",
        f"__builtins__['open']({canary!r}, 'w') if isinstance(__builtins__, dict) else __builtins__.open({canary!r}, 'w')",
        f"getattr(__import__('pathlib').Path({canary!r}), 'to' + 'uch')()",
        f"  \t[{write}]\n",
    ]


def entity(rng: random.Random) -> object:
    """Draws what a list may hold: mostly texts, some numbers, bytes and containers."""
    if rng.random() < 0.85:
        return rng.choice(ENTITIES) + rng.choice(["", "", "", "症", " ", "'", '"', "\\", "\n"])
    return rng.choice([None, True, 1, 1.0, -2.5, 3j, b"a", ("a",), ["a"], {"a": 1}, {"a"}, ..., 10**30, ("a", ["b"])])


def list_literal(rng: random.Random) -> str:
    values = [
        entity(rng) if rng.random() < 0.2 else rng.choice(ENTITIES) for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 8]))
    ]
    values += rng.sample(values, rng.randint(0, len(values))) if rng.random() < 0.2 else []
    return repr(values)


def broken_literal(rng: random.Random) -> str:
    """A list with one to three characters taken, doubled, put in or moved."""
    characters = list(list_literal(rng))
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(characters) + 1)
        characters[place : place + rng.randint(0, 1)] = rng.choice(
            ["", "[", "]", "'", '"', ",", "\\", "(", "{", "\n", "#", "A", "，", rng.choice(ODD)]
        )
    return "".join(characters)


def letters(rng: random.Random) -> str:
    alphabet = rng.choice(
        ["ABCDEF", "ABCDEF", "FE", "ＡＢＣＤＥＦ", "abcde", "ａｂｃｄｅ", "AＡbＢ", "GHXYZ", "012３４"]
    )
    return "".join(rng.choice(WORDS) + rng.choice(alphabet) for _ in range(rng.randint(1, 5)))


def exam_like(rng: random.Random) -> str:
    chosen = rng.sample(rng.choice(["abcde", "ABCDE", "ａｂｃｄｅ", "ＡＢＣＤＥ"]), rng.randint(1, 3))
    return rng.choice([",", ",", ",", "，", ", ", "、", " ", "", ",,"]).join(chosen) + rng.choice(
        ["", "", "", "", "\n", " ", ",", "。"]
    )


def number(rng: random.Random) -> str:
    text = rng.choice(["97", "8.5", "7.20", "7.2", "1,000", "-3", "1e3", "０.５", "８．５", "９７", "．", "1.2.3"])
    return rng.choice(["", "", "", "約", "答え: "]) + text + rng.choice(["", "", "", " mL", "%", "\n"])


def odd_text(rng: random.Random) -> str:
    return "".join(
        rng.choice([rng.choice(ODD), rng.choice(WORDS), chr(rng.randrange(0x110000))])
        for _ in range(rng.randint(1, 12))
    )


def nested(rng: random.Random) -> str:
    depth = rng.choice([2, 5, 50, 99, 150, 201, 1000])
    opened, closed = rng.choice(["[]", "()", "{}"]) if rng.random() < 0.8 else ("-", "")
    return opened * depth + rng.choice(["", "'a'", "1"]) + closed * (depth - rng.choice([0, 0, 0, 1]))


def long_text(rng: random.Random) -> str:
    shape = rng.choice(["x", "[", "['a', 'b', ", "-", " ", "1+", "a,", "ア", "A", "\0", "{'a':", "1 or ", "'a'"])
    text = (shape * LONG)[: LONG - 5]
    return text + rng.choice(["B", "'a']", "]", "", "c"])


def outputs(canary: str) -> list[str]:
    """Returns `COUNT` different outputs; attacks write to `canary` if anything runs them."""
    rng = random.Random(20_250_815)
    drawn = dict.fromkeys([*SPACES, *CODE, *attacks(canary), *(repr(each) for each in ENTITIES)])
    makers = [
        list_literal,
        list_literal,
        list_literal,
        broken_literal,
        letters,
        letters,
        exam_like,
        exam_like,
        number,
        odd_text,
        nested,
    ]
    while len(drawn) < COUNT:
        luck = rng.random()
        if luck < 0.002:
            output = long_text(rng)
        elif luck < 0.08:
            output = (
                rng.choice(SPACES)
                + rng.choice([rng.choice(CODE), list_literal(rng), exam_like(rng)])
                + rng.choice(SPACES)
            )
        elif luck < 0.11:
            output = rng.choice(["", "回答: ", "[", "A ", "ACE:"]) + rng.choice(attacks(canary))
        else:
            output = rng.choice(makers)(rng)
        drawn[output] = None
    return list(drawn)
