"""Counters in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/."""

from collections import Counter
from collections.abc import Iterator, Mapping

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Upper bounds in seconds."""


class Histogram:
    """Durations in seconds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BUCKETS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Counts one."""
        place = next((place for place, bound in enumerate(_BUCKETS) if seconds <= bound), len(_BUCKETS))
        self._counts[place] += 1
        self._sum += seconds

    def lines(self, name: str) -> Iterator[str]:
        """The histogram's lines."""
        total = 0
        for bound, count in zip([*map(str, _BUCKETS), "+Inf"], self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """Counters of a server since it started; the event loop alone changes them."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        """By path and HTTP status."""
        self.tokens: Counter[str] = Counter()
        """`prompt` and `generated`."""
        self.cancelled = 0
        """Requests whose client had gone."""
        self.seconds = Histogram()
        """Of whole requests."""
        self.first_token = Histogram()
        """From a request to its first token, of streams."""

    def text(self, gauges: Mapping[str, tuple[str, int]]) -> str:
        """The whole page; `gauges`: name → help and value."""
        return "".join(f"{line}\n" for line in self._lines(gauges))

    def _lines(self, gauges: Mapping[str, tuple[str, int]]) -> Iterator[str]:
        yield from _head("ncvc_requests_total", "counter", "Answers by path and HTTP status.")
        for (path, status), count in sorted(self.requests.items()):
            yield f'ncvc_requests_total{{path="{path}",status="{status}"}} {count}'
        yield from _head("ncvc_tokens_total", "counter", "Tokens of prompts and tokens made.")
        for kind in ("prompt", "generated"):
            yield f'ncvc_tokens_total{{kind="{kind}"}} {self.tokens[kind]}'
        yield from _head("ncvc_requests_cancelled_total", "counter", "Requests whose client had gone.")
        yield f"ncvc_requests_cancelled_total {self.cancelled}"
        for name, (text, value) in gauges.items():
            yield from _head(name, "gauge", text)
            yield f"{name} {value}"
        yield from _head("ncvc_request_seconds", "histogram", "Seconds from request to the end of the answer.")
        yield from self.seconds.lines("ncvc_request_seconds")
        yield from _head(
            "ncvc_first_token_seconds", "histogram", "Seconds from request to the first token of a stream."
        )
        yield from self.first_token.lines("ncvc_first_token_seconds")


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
