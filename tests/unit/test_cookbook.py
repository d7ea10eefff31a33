from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

COOKBOOK = Path(__file__).parents[2] / "cookbook"
RECIPES = sorted(COOKBOOK.glob("*.py"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_is_short_has_cells_and_uses_public_names_only(recipe: Path) -> None:
    source = recipe.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 120
    assert source.count("\n# %% ") >= 4
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    names = [part for node in imports for part in (node.module or "").split(".")]
    names += [alias.name for node in imports for alias in node.names]
    assert [name for name in names if name.startswith("_")] == []


def test_the_readme_of_the_cookbook_lists_every_recipe() -> None:
    readme = (COOKBOOK / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+\.py)\)", readme)) == {recipe.name for recipe in RECIPES}
