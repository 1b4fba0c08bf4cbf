"""Binds the address of a server, before the imports that take seconds."""

import socket

from ncvc.errors import NcvcError


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket, on which nobody listens yet; port 0 is any that is free. Raises `NcvcError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NcvcError(f"{host}:{port}: cannot be bound: {reason}; choose another --port or --host") from None
    return found
