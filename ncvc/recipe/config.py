"""Config of a recipe: `recipe.yaml`."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

import pydantic

from ncvc.config import Config
from ncvc.errors import RecipeError

FILE = "recipe.yaml"


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or str(parts) in ("", "."):
        raise ValueError(f"{path!r} leaves the recipe's folder; write a path in it")
    return str(parts)


Inside = Annotated[str, pydantic.AfterValidator(_stays_inside)]


class Words(Config):
    """Text in two languages."""

    en: str
    ja: str


class Place(Words):
    """A file or folder, and what it shall hold."""

    path: Inside
    """Relative to the recipe's folder."""


class Stage(Config):
    """One command."""

    name: Annotated[str, pydantic.Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """Name, unlike those of the other stages."""
    ncvc: Annotated[list[str | int | float], pydantic.Field(min_length=1)]
    """Arguments of `ncvc`, which runs in the recipe's folder."""
    reads: list[Inside] = pydantic.Field(default_factory=list)
    """Files and folders that it reads: configs, what earlier stages made, inputs. It is done again when one changed."""
    makes: Inside
    """The file or folder that it makes."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments as text."""
        return tuple(map(str, self.ncvc))


class RecipeConfig(Config):
    """A recipe. Paths are relative to its folder, in which every command runs."""

    name: str
    title: Words
    about: Words
    """Text for who chooses among recipes: what goes in, what comes out, on which machine."""
    inputs: list[Place] = pydantic.Field(default_factory=list)
    """Files and folders that the user puts there."""
    edit: list[Place] = pydantic.Field(default_factory=list)
    """Files of the recipe that the user adapts first, and what in them."""
    shared: list[Inside] = pydantic.Field(default_factory=list)
    """Files of megatron_configs that the recipe's configs extend; `ncvc recipe copy` puts them into megatron_configs/
    of the new folder."""
    stages: Annotated[list[Stage], pydantic.Field(min_length=1)]
    """Stages in their order."""

    @pydantic.model_validator(mode="after")
    def _stages_differ(self) -> Self:
        for what in ("name", "makes"):
            values = [getattr(stage, what) for stage in self.stages]
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise ValueError(f"two stages have the {what} {twice!r}; give each its own")
        return self


def load_recipe(folder: Path) -> RecipeConfig:
    """Reads the recipe of a folder.

    Raises `ConfigError` for a mistake in it, and `RecipeError` if there is none, or a stage reads what nobody provides.
    """
    if not (folder / FILE).is_file():
        raise RecipeError(f"{folder}: has no {FILE}; `ncvc recipe copy NAME {folder}` writes one into a new folder")
    recipe = RecipeConfig.load(folder / FILE)
    provided = [place.path for place in recipe.inputs]
    for stage in recipe.stages:
        for path in stage.reads:
            if not (lies_in(path, provided) or (folder / path).exists()):
                raise RecipeError(
                    f"{folder / FILE}: the stage {stage.name!r} reads {path}, which no earlier stage makes, `inputs`"
                    " does not name, and is not there; correct one of them"
                )
        provided.append(stage.makes)
    return recipe


def lies_in(path: str, places: Iterable[str]) -> bool:
    """Returns whether a path is one of some, lies in one, or holds one."""
    own = PurePosixPath(path)
    return any(own.is_relative_to(place) or PurePosixPath(place).is_relative_to(own) for place in places)
