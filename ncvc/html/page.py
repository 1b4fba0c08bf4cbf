"""Builds a page that loads nothing and runs no script but its own: head, style, language switch, footer."""

import base64
import hashlib
from importlib import resources

from ncvc import __version__
from ncvc.html.labels import both
from ncvc.html.markup import Html, element, joined, plain

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content security policy: stops what escaping might have missed."""


def page(
    title: tuple[str, str],
    *body: Html,
    subtitle: str | Html = "",
    facts: Html | None = None,
    version: str = __version__,
    script: str = "",
) -> str:
    """A whole page; the same arguments give the same bytes.

    `title` is in English and in Japanese, `facts` stands under it. `version` is that of the ncvc whose data is shown.
    `script` is text of ncvc's own; the policy of the page lets no other run.
    """
    english, japanese = title
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    head = joined([element("h1", both(english, japanese)), element("p", subtitle, class_="soft"), facts or Html("")])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{digest}'" if script else POLICY
    running = f"<script>{script}</script>\n" if script else ""
    # The generator names the version that wrote the page.
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="ncvc {plain(version)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ncvc · {plain(japanese)} / {plain(english)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<div class="switch"><label><input type="radio" name="language" id="ja" checked>日本語</label>\
<label><input type="radio" name="language" id="en">English</label></div>
{head}
</header>
<main>
{joined(body)}
</main>
<footer>ncvc {plain(version)}</footer>
{running}</body>
</html>
"""
