"""Refuses requests before they are read: foreign names of the host, foreign pages, missing keys, large bodies.

A page of another site must not reach a server on this machine through a person's browser. `Origin` and
`Sec-Fetch-Site` tell such a page, and the name in `Host` tells a site whose own name was made to lead here (DNS
rebinding): https://owasp.org/www-community/attacks/DNS_Rebinding. An address cannot be made to lead elsewhere.
"""

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from ncvc.errors import NcvcError
from ncvc.serve.errors import ApiError

OPEN = ("/", "/health")
"""Paths that need no key: the page holds nothing of the model's, and health is for supervisors."""


@dataclass(frozen=True)
class Guard:
    """The rules of a server."""

    key: str | None = None
    """The key that requests must bring; None if they need none."""
    hosts: frozenset[str] = frozenset()
    """Names of this server, besides addresses, `localhost` and this machine's own names."""
    origins: frozenset[str] = frozenset()
    """Origins of other sites' pages that may use the server, as `https://portal.hospital`."""
    max_bytes: int = 4_000_000
    """Largest body of a request."""

    def require(self, method: str, path: str, headers: Headers) -> None:
        """Raises `ApiError` for a request that may not be answered."""
        self._require_host(headers)
        self._require_origin(headers)
        if self.key is not None and path not in OPEN and method != "OPTIONS":
            self._require_key(headers)
        if method == "POST":
            self._require_body(headers)

    def allowed_origin(self, headers: Headers) -> str | None:
        """The origin of another site's page that may read the answer; None if there is none."""
        origin = headers.get("origin")
        return origin if origin in self.origins else None

    def _require_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        name = _hostname(hosts[0]) if len(hosts) == 1 else None
        if name is None:
            raise ApiError(400, "the header Host is missing, twice there or malformed")
        if not (_is_address(name) or name == "localhost" or name in self.hosts or name in own_names()):
            raise ApiError(
                403,
                "the header Host has a name that is not this server's; reach it by its address, or start it with"
                " --allow-host NAME",
                code="host_not_allowed",
            )

    def _require_origin(self, headers: Headers) -> None:
        origin, host = headers.get("origin"), headers.get("host")
        if origin is None:
            foreign = headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
        else:
            foreign = origin not in self.origins and urlsplit(origin).netloc != host
        if foreign:
            raise ApiError(
                403,
                "a page of another site may not use this server; start it with --allow-origin ORIGIN to let it",
                code="origin_not_allowed",
            )

    def _require_key(self, headers: Headers) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        assert self.key is not None
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.key.encode()):
            raise ApiError(
                401, "the key is missing or wrong; send the header Authorization: Bearer KEY", code="invalid_api_key"
            )

    def _require_body(self, headers: Headers) -> None:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, "send the body as JSON, with the header Content-Type: application/json")
        length = headers.get("content-length")
        if length is not None and length.isdecimal() and int(length) > self.max_bytes:
            raise self.too_large()

    def too_large(self) -> ApiError:
        """The error for a body that is larger than allowed."""
        return ApiError(413, f"the body is larger than {self.max_bytes} bytes", code="body_too_large")


def require_origins(origins: Iterable[str]) -> frozenset[str]:
    """Origins in the form in which browsers send them; raises `NcvcError` for anything else."""
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise NcvcError(f"--allow-origin {origin}: no origin; write https://NAME or https://NAME:PORT")
    return frozenset(origins)


def own_names() -> frozenset[str]:
    """Names of the machine itself, in lower case."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]} - {""})


def names_of(hosts: Iterable[str]) -> frozenset[str]:
    """Names in the form in which they are compared."""
    return frozenset(host.lower().rstrip(".") for host in hosts)


def _hostname(host: str) -> str | None:
    """The name in a `Host` header, in lower case; None if it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    well_formed = parts.hostname and not (parts.path or parts.query or parts.fragment or "@" in host)
    return parts.hostname.rstrip(".") if well_formed and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
