"""No file of the core needs one that needs it, whether at once, later or for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import ragsight

ROOT = Path(ragsight.__file__).parent

SHOW_THEMSELVES = {
    ("retrieval/hits.py", "gallery/__init__.py"),
    ("answer/reply/result.py", "answer/reply/view.py"),
}
"""Results show themselves in notebooks and terminals: what draws them is looked up when one is
drawn, and needs to know what it draws."""


def file_of(module: str) -> Path | None:
    """The file of a module of ours."""
    package, *parts = module.split(".")
    if package != "ragsight":
        return None
    path = ROOT.joinpath(*parts)
    if (path / "__init__.py").is_file():
        return path / "__init__.py"
    return path.with_suffix(".py") if path.with_suffix(".py").is_file() else None


def faces() -> dict[str, dict[str, str]]:
    """Where the names of lazy packages really come from, by package and name."""
    found: dict[str, dict[str, str]] = {}
    for stub in ROOT.rglob("__init__.pyi"):
        package = ".".join(["ragsight", *stub.parent.relative_to(ROOT).parts])
        found[package] = {
            alias.asname or alias.name: f"{package}.{node.module}"
            for node in ast.walk(ast.parse(stub.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is not None
            for alias in node.names
        }
    return found


FACES = faces()


def source_of(module: str, name: str) -> Path | None:
    """The file that a name of a module comes from."""
    while name in FACES.get(module, {}):
        module = FACES[module][name]
    submodule = file_of(f"{module}.{name}")
    return submodule if submodule is not None else file_of(module)


def needed(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        found: list[Path | None] = []
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found = [source_of(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found = [file_of(alias.name) for alias in node.names]
        yield from (other for other in found if other is not None and other != path)


def graph() -> dict[str, set[str]]:
    def name(path: Path) -> str:
        return path.relative_to(ROOT).as_posix()

    return {name(path): set(map(name, needed(path))) for path in ROOT.rglob("*.py")}


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """Files that need each other: those that no order of reading puts after all they need."""
    left = {file: set(others) for file, others in edges.items()}
    while True:
        # What needs nothing that is left, or is needed by nothing that is left, is in no circle.
        wanted = set().union(*left.values()) if left else set()
        free = {file for file, others in left.items() if not others or file not in wanted}
        if not free:
            break
        left = {file: others - free for file, others in left.items() if file not in free}
    return _components(left)


def _components(edges: dict[str, set[str]]) -> list[set[str]]:
    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in edges[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        return seen

    reach = {file: reached(file) for file in edges}
    found: list[set[str]] = []
    for file in sorted(edges):
        circle = {other for other in reach[file] if file in reach[other]}
        if circle and circle not in found:
            found.append(circle)
    return found


def test_no_circle_of_files() -> None:
    edges = graph()
    for file, other in SHOW_THEMSELVES:
        edges[file].remove(other)
    assert circles(edges) == []


def test_a_circle_would_be_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert circles(edges) == [{"a", "b", "c"}]


def test_names_of_lazy_packages_are_followed_to_their_files() -> None:
    found = source_of("ragsight", "MultimodalStore")
    assert found == ROOT / "store" / "store.py"
