"""Numbers, sizes and durations as people read them."""


def number(value: int) -> str:
    """1234567 → 1,234,567."""
    return f"{value:,}"


def short(count: int) -> str:
    """1234567 → 1.2M."""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{count / scale:.1f}{letter}"
    return str(count)


def three_digits(value: float) -> str:
    """Three digits that count: 0.00123, 76.4, 1741."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(part: float, whole: float) -> str:
    """A share of a whole."""
    return f"{part / whole:.1%}" if whole else "–"


def token_count(value: int) -> str:
    """Tokens as the papers write them, in billions, where there are as many."""
    return f"{value / 1e9:.2f} B" if value >= 100_000_000 else number(value)


def size(value: int) -> str:
    """Bytes as people say them."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.4g} TB"


def duration(seconds: float) -> str:
    """`seconds` as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{seconds / 86400:.1f} days"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
