"""Which checkpoints of a run stay."""

from collections.abc import Iterable
from pathlib import Path

from ncvc.checkpoint.commit import remove
from ncvc.checkpoint.format import Manifest
from ncvc.checkpoint.reader import Checkpoint, checkpoint_folders, open_at_its_place
from ncvc.errors import CheckpointError
from ncvc.train.config import CheckpointConfig


class Retention:
    """Keeps the run's last `keep_last` whole checkpoints and every one of a multiple of `keep_interval` steps.

    Only what this run wrote or went on from is counted or removed, known by the hashes of the manifests; and
    nothing that is newer than the checkpoint just published.
    """

    def __init__(self, run: Path, policy: CheckpointConfig, own: Iterable[str]) -> None:
        self.run = run
        self.policy = policy
        self.own = set(own)
        self._read: set[str] = set()

    def written(self, manifest: Manifest) -> None:
        """A checkpoint is about to get its name; its files are on disk and were read back."""
        self.own.add(manifest.manifest_sha256)
        self._read.add(manifest.manifest_sha256)

    def published(self, newest: Manifest) -> list[Path]:
        """Removes what need not stay beside a checkpoint that is there now; returns the folders. Raises `OSError`."""
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
                # The guard goes back to none that lies in what was left out, so those do not count either.
                left_out = any(first <= step <= last for first, last in newest.guard.left_out)
                whole += (step == newest.step or not left_out) and self._is_whole(found)
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
