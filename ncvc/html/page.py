"""A page that loads nothing and runs nothing: head, style, language switch and footer around a body."""

from importlib import resources

from ncvc.html.labels import escaped

# Nothing may be loaded and nothing may run, whatever the text of the corpus holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, head: str, body: str, version: str, style: str = "") -> str:
    """A page of ours around what it says, in both languages; `style` comes after the style that all share."""
    shared = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="ncvc {version}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{shared}{style}</style>
</head>
<body>
<header>
<div class="switch"><label><input type="radio" name="language" id="ja" checked>日本語</label>\
<label><input type="radio" name="language" id="en">English</label></div>
{head}
</header>
<main>
{body}
</main>
<footer>ncvc {escaped(version)}</footer>
</body>
</html>
"""
