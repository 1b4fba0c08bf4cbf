"""A document or file that a reader cannot read, and what a reader gives otherwise."""

from collections.abc import Sequence

Members = dict[str, str | int | None]
"""Members of a document."""


class UnreadableError(Exception):
    """Unreadable document, or a part of a file."""

    def __init__(self, reason: str, *, size: int = 0, is_document: bool = True, names: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        """Reason, as in `rust/core/src/source/extracted.rs`."""
        self.size = size
        """Length in bytes."""
        self.is_document = is_document
        """True if it counts as a document; a file that cannot be opened or breaks between two records does not."""
        self.names = names
        """Names of the columns that there are, where one is missing; only for the message that stops a run."""
