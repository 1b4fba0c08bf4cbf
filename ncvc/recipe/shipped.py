"""Recipes that ship with the package, and their copies."""

import shutil
from importlib import resources
from pathlib import Path

from ncvc.config import SHIPPED
from ncvc.errors import RecipeError
from ncvc.files import listed, whole_folder
from ncvc.outputs import real_path, require_apart
from ncvc.recipe.config import FILE, RecipeConfig

FOLDER = Path(str(resources.files("ncvc.recipe"))) / "recipes"


def shipped_recipes() -> list[RecipeConfig]:
    """Reads the recipes that ship with the package, by name."""
    return [RecipeConfig.load(folder / FILE) for folder in listed(FOLDER, "*") if (folder / FILE).is_file()]


def copy_recipe(name: str, output: Path) -> RecipeConfig:
    """Writes a shipped recipe, with the configs that it extends, into a new folder; returns it.

    Raises `RecipeError` for an unknown name and for a folder that holds anything.
    """
    recipes = {recipe.name: recipe for recipe in shipped_recipes()}
    if name not in recipes:
        raise RecipeError(f"{name}: is no recipe that ships with ncvc; choose {', '.join(recipes)}")
    require_apart(output, [FOLDER])
    final = real_path(output)
    if final.exists() and not (final.is_dir() and not any(final.iterdir())):
        raise RecipeError(f"{output}: exists already; nothing was changed; name a new folder")
    with whole_folder(final, _require_empty) as folder:
        for file in listed(FOLDER / name, "*.*"):
            shutil.copyfile(file, folder / file.name)
        for shared in recipes[name].shared:
            copied = folder / SHIPPED.name / shared
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SHIPPED / shared, copied)
    return recipes[name]


def _require_empty(final: Path, _: int) -> None:
    if final.is_dir() and any(final.iterdir()):
        raise RecipeError(f"{final}: was filled while the recipe was written; name a new folder")
