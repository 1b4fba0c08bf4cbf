"""Formats numbers, sizes and durations for people."""


def number(value: int) -> str:
    """Groups digits: 1234567 → 1,234,567."""
    return f"{value:,}"


def short(count: int) -> str:
    """Shortens a count: 1234567 → 1.2M."""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{count / scale:.1f}{letter}"
    return str(count)


def three_digits(value: float) -> str:
    """Rounds to three significant digits: 0.00123, 76.4; whole numbers stay whole: 1741."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(part: float, whole: float) -> str:
    """Formats `part / whole` in percent; – if `whole` is 0."""
    return f"{part / whole:.1%}" if whole else "–"


def token_count(value: int) -> str:
    """Formats a number of tokens; in billions, as in the papers, from 100 million on."""
    return f"{value / 1e9:.2f} B" if value >= 100_000_000 else number(value)


def size(value: int) -> str:
    """Formats bytes: 999 B, 12.3 MB; decimal units, three digits."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.4g} TB"


def duration(seconds: float) -> str:
    """Formats seconds: 41 s, 3 min 20 s, 5 h 2 min, 2.5 days."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{seconds / 86400:.1f} days"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
