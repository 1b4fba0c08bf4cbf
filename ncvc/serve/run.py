"""Runs the application on a bound socket: a worker, uvicorn, and an end without losses."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn

from ncvc.progress import Reporter
from ncvc.serve.app import Guarded
from ncvc.serve.worker import Worker


class _Server(uvicorn.Server):
    """uvicorn that takes a stop signal for a wish to finish, not for an error."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def settings(app: Guarded, grace: int) -> uvicorn.Config:
    """Settings of uvicorn: no log of its own, no headers of proxies believed, no WebSockets, nothing optional."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=grace,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
        http="h11",
        loop="asyncio",
        ws="none",
    )


def run(app: Guarded, worker: Worker, bound: socket.socket, reporter: Reporter, *, grace: int) -> None:
    """Serves until SIGTERM or Ctrl-C; then finishes what is under way within `grace` seconds, or is told twice."""
    server = _Server(settings(app, grace))
    worker.start()
    host, port = bound.getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    reporter.say(f"serving on http://{where}; Ctrl-C or SIGTERM ends it")
    try:
        asyncio.run(server.serve(sockets=[bound]))
    finally:
        worker.close()
        bound.close()
    reporter.say("stopped")
