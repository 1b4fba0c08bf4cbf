"""Retention policy of a run's checkpoints."""

from collections.abc import Iterable
from pathlib import Path

from ncvc.checkpoint.commit import remove
from ncvc.checkpoint.manifest import Manifest, checkpoint_folders, foreign_files
from ncvc.checkpoint.reader import Checkpoint, open_at_its_place
from ncvc.errors import CheckpointError
from ncvc.train.operation_config import CheckpointConfig


class Retention:
    """Keeps the run's last `keep_last` whole checkpoints and every one at a multiple of `keep_interval` steps.

    Only checkpoints that this run wrote or resumed from are counted or deleted, by the hashes of their manifests; none
    that is newer than the one just published.
    """

    def __init__(self, run: Path, policy: CheckpointConfig, own: Iterable[str]) -> None:
        self.run = run
        self.policy = policy
        self.own = set(own)
        self._read: set[str] = set()

    def written(self, manifest: Manifest) -> None:
        """Takes a checkpoint for the run's own and whole, before it gets its name; its files were read back."""
        self.own.add(manifest.manifest_sha256)
        self._read.add(manifest.manifest_sha256)

    def published(self, newest: Manifest) -> list[Path]:
        """Deletes checkpoints that the policy no longer keeps beside `newest`; returns them. Raises `OSError`."""
        removed = []
        whole = 0
        for folder in checkpoint_folders(self.run):
            try:
                found = open_at_its_place(folder)
            except CheckpointError:
                continue
            step = found.manifest.step
            if step > newest.step or found.manifest.manifest_sha256 not in self.own:
                continue
            if whole < self.policy.keep_last:
                # A rollback skips checkpoints of left-out steps, so those do not count.
                left_out = any(first <= step <= last for first, last in newest.guard.left_out)
                whole += (step == newest.step or not left_out) and self._is_whole(found)
            elif not self.policy.is_kept(step) and not foreign_files(folder):
                remove(folder)
                removed.append(folder)
        return removed

    def _is_whole(self, checkpoint: Checkpoint) -> bool:
        """Tells whether a checkpoint is whole; reads its content once in the life of this process."""
        manifest = checkpoint.manifest
        if manifest.manifest_sha256 not in self._read and not checkpoint.damages():
            self._read.add(manifest.manifest_sha256)
        sizes = {path.name: path.stat().st_size for path in checkpoint.folder.iterdir()}
        same = all(sizes.get(name) == entry.bytes for name, entry in manifest.files.items())
        return same and manifest.manifest_sha256 in self._read
