"""The chat page: one file that loads nothing from elsewhere."""

import base64
import hashlib
import json
import re
from functools import cache
from importlib import resources

from ncvc import __version__


@cache
def _source() -> str:
    return resources.files(__package__).joinpath("chat.html").read_text(encoding="utf-8")


def _digests(tag: str) -> str:
    """The digests of the page's own scripts or styles, as a content security policy names them."""
    parts = re.findall(rf"<{tag}>(.*?)</{tag}>", _source(), re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in parts)


POLICY = (
    f"default-src 'none'; img-src data:; script-src {_digests('script')}; style-src {_digests('style')};"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'"
)
"""Content security policy: the page's own script and style, and this server alone."""


def chat_page(name: str, *, has_chat: bool, logs_text: bool) -> str:
    """The page for a model; without a chat template it continues text. It says whether the server logs text."""
    facts = json.dumps({"model": name, "chat": has_chat, "logs": logs_text, "version": __version__}, ensure_ascii=True)
    # As JSON in an attribute: what a folder is called cannot become markup.
    escaped = facts.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return _source().replace("{}", escaped, 1)
