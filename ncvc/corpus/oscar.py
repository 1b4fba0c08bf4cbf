"""Names of the judgements on documents that OSCAR publishes with them."""

import difflib
from typing import Annotated, Literal

import pydantic

QualityWarning = Literal["tiny", "short_sentences", "header", "footer", "noisy", "adult"]
"""Quality warnings of OSCAR 22.01 and 23.01."""
DROPPED_WARNINGS: tuple[QualityWarning, ...] = ("noisy",)
"""Those for which documents are dropped by default."""
CATEGORIES = frozenset(
    [
        *("adult", "agressif", "arjel", "associations_religieuses", "astrology", "audio-video", "bank", "bitcoin"),
        *("blog", "celebrity", "chat", "child", "cleaning", "cooking", "cryptojacking", "dangerous_material"),
        *("dating", "ddos", "dialer", "doh", "download", "drogue", "dynamic-dns", "educational_games", "examen_pix"),
        *("exceptions_liste_bu", "filehosting", "financial", "forums", "gambling", "games", "hacking", "jobsearch"),
        *("lingerie", "liste_blanche", "liste_bu", "malware", "manga", "marketingware", "mixed_adult", "mobile-phone"),
        *(
            "phishing",
            "press",
            "publicite",
            "radio",
            "reaffected",
            "redirector",
            "remote-control",
            "residential-proxies",
        ),
        *("sect", "sexual_education", "shopping", "shortener", "social_networks", "special", "sports"),
        *("stalkerware", "strict_redirector", "strong_redirector", "translation", "tricheur", "tricheur_pix"),
        *("update", "vpn", "warez", "webhosting", "webmail"),
    ]
)
"""Categories of the blocklists of Université Toulouse Capitole, which OSCAR gives to web sites."""


def _require_category(name: str) -> str:
    if name not in CATEGORIES:
        nearest = difflib.get_close_matches(name, CATEGORIES, 1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "one is 'adult'"
        raise ValueError(f"{name!r} is no category of OSCAR; {hint}")
    return name


Category = Annotated[str, pydantic.AfterValidator(_require_category)]
