"""Which checkpoints of a run stay."""

from collections.abc import Iterable
from pathlib import Path

from ncvc.train.checkpoint.format import CheckpointError
from ncvc.train.checkpoint.publish import remove
from ncvc.train.checkpoint.reader import Checkpoint, checkpoint_folders, open_at_its_place
from ncvc.train.config import CheckpointConfig


class Retention:
    """Keeps the run's last `keep_last` whole checkpoints and every one of a multiple of `keep_interval` steps.

    Only what this run wrote is counted or removed, known by the manifests' hashes, which log.jsonl has; and
    nothing that is newer than the checkpoint just published.
    """

    def __init__(self, run: Path, policy: CheckpointConfig, written: Iterable[str]) -> None:
        self.run = run
        self.policy = policy
        self.written = set(written)
        self._read: set[str] = set()

    def published(self, checkpoint: Checkpoint) -> list[Path]:
        """Removes what need not stay now that `checkpoint` is there; returns the folders. Raises `OSError`."""
        newest = checkpoint.manifest
        self.written.add(newest.manifest_sha256)
        self._read.add(newest.manifest_sha256)
        removed = []
        whole = 0
        for folder in checkpoint_folders(self.run):
            try:
                found = open_at_its_place(folder)
            except CheckpointError:
                continue
            step = found.manifest.step
            if step > newest.step or found.manifest.manifest_sha256 not in self.written:
                continue
            if whole < self.policy.keep_last:
                whole += self._is_whole(found)
            elif step % self.policy.keep_interval:
                remove(folder)
                removed.append(folder)
        return removed

    def _is_whole(self, checkpoint: Checkpoint) -> bool:
        """Whether it can be counted on; its content is read once in the life of this process."""
        manifest = checkpoint.manifest
        if manifest.manifest_sha256 not in self._read and not checkpoint.damages():
            self._read.add(manifest.manifest_sha256)
        sizes = {path.name: path.stat().st_size for path in checkpoint.folder.iterdir()}
        same = all(sizes.get(name) == entry.bytes for name, entry in manifest.files.items())
        return same and manifest.manifest_sha256 in self._read
