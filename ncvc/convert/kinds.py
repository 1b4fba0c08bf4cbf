"""Tells what can be converted from what cannot, before anything slow is imported."""

from pathlib import Path

from ncvc.errors import ConvertError
from ncvc.hf.folder import CONFIG
from ncvc.manifest import CHECKPOINT, GGUF, KINDS, MANIFEST, own_manifest


def require_convertible(folder: Path) -> None:
    """Raises `ConvertError` in a sentence for a folder that is neither a checkpoint nor a Hugging Face folder.

    One whose manifest is damaged passes: reading it says more.
    """
    if (folder / CONFIG).is_file():
        return
    wanted = "give a checkpoint of `ncvc train` or a Hugging Face folder"
    manifest = own_manifest(folder)
    if manifest is not None:
        kind = str(manifest.get("format") or manifest.get("stage"))
        if kind != CHECKPOINT:
            end = ", which is the end of the way: convert the checkpoint again" if kind == GGUF else ""
            raise ConvertError(f"{folder}: is {KINDS.get(kind, kind)}{end}; {wanted}")
    elif not (folder / MANIFEST).exists():
        if steps := sorted(folder.glob("checkpoints/step_*")):
            raise ConvertError(f"{folder}: is a training run; give one of its checkpoints, such as {steps[-1]}")
        raise ConvertError(f"{folder}: has neither {MANIFEST} of a checkpoint nor {CONFIG} of a model; {wanted}")
