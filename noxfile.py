"""Sessions: `nox -s demo`, `nox -s tests`; `nox -l` lists the others.

They need pip (constraints.txt pins torch's CPU build for these environments only), so uv is off.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["tests"]
nox.options.reuse_existing_virtualenvs = True

HERE = Path(__file__).parent
DISTRIBUTIONS = (".", "integrations/langchain", "integrations/llama-index")
EXTRAS = {".": "[all]", "integrations/langchain": "[agents]"}
CONSTRAINED = ("-c", "constraints.txt")
ADAPTERS = ("langchain", "llama-index")
BENCHMARKS = ("encode", "search", "answers", "fusion")
PROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, *groups: str) -> None:
    """Install all three distributions, editable, with the extras and the given groups."""
    editable = [part for path in DISTRIBUTIONS for part in ("-e", _with_extras(path))]
    tools = nox.project.dependency_groups(PROJECT, *groups) if groups else ()
    session.install(*CONSTRAINED, *editable, *tools)


def _with_extras(path: str) -> str:
    return f"./{path}{EXTRAS.get(path, '')}"


@nox.session
def demo(session: nox.Session) -> None:
    """Set up and run the demo: offline, no key."""
    session.install(*CONSTRAINED, "-e", ".[all]")
    session.run("ragsight", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Test all three distributions in one environment."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, and that imports point one way."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types strictly."""
    install(session, "types")
    sources = [str(p.relative_to(HERE)) for p in HERE.glob("integrations/*/src")]
    session.run("mypy", "src", *sources)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the three wheels, install them, and test them without the sources in sight."""
    built = Path(session.create_tmp()).resolve()
    session.install("build")
    for path in DISTRIBUTIONS:
        session.run("python", "-m", "build", "--wheel", "--outdir", str(built), path, silent=True)
    wheels = [str(path) for path in sorted(built.glob("*.whl"))]
    session.install(*CONSTRAINED, *wheels, *nox.project.dependency_groups(PROJECT, "test"))
    session.install(*CONSTRAINED, "openai", "anthropic", "onnxruntime", "onnx", "pillow-heif")
    session.install(*CONSTRAINED, "starlette", "uvicorn", "pypdfium2")
    session.run("pytest", *session.posargs)


@nox.session
def cookbook(session: nox.Session) -> None:
    """Run every recipe, offline; `-- NAME ...` runs only those."""
    install(session, "cookbook")
    for recipe in _recipes(session.posargs):
        session.run("python", str(recipe))


@nox.session
def notebooks(session: nox.Session) -> None:
    """Write a notebook beside each recipe, with its output; `-- NAME ...` only for those."""
    install(session, "cookbook", "notebooks")
    for recipe in _recipes(session.posargs):
        session.run("jupytext", "--quiet", "--set-kernel", "python3", "--to", "ipynb", str(recipe))
        session.run("jupyter", "execute", "--inplace", str(recipe.with_suffix(".ipynb")))


@nox.session
def images(session: nox.Session) -> None:
    """Make the documentation's pictures anew; needs Chromium and its driver."""
    install(session, "test")
    session.run("python", "docs/make_images.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation's site; any warning is an error. `-- serve` shows it."""
    # The reference is read from the sources; nothing of them is imported.
    session.install(*nox.project.dependency_groups(PROJECT, "docs"))
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    session.run("mkdocs", *(session.posargs if session.posargs else ("build", "--strict")))


def _recipes(names: list[str]) -> list[Path]:
    named = [HERE / "cookbook" / f"{name}.py" for name in names]
    return named if named else sorted(HERE.glob("cookbook/*.py"))


@nox.session
def minimums(session: nox.Session) -> None:
    """Test with the lowest versions of the direct dependencies that we state."""
    install(session, "test")
    session.install(*CONSTRAINED, *_lowest(PROJECT["project"]["dependencies"]))
    session.run("pytest", *session.posargs)


@nox.session(name="minimums-adapter")
@nox.parametrize("adapter", ADAPTERS, ids=ADAPTERS)
def minimums_adapter(session: nox.Session, adapter: str) -> None:
    """Test an adapter with the lowest version of its framework, and tools that fit that."""
    folder = f"integrations/{adapter}"
    stated = nox.project.load_toml(f"{folder}/pyproject.toml")["project"]["dependencies"]
    tools = nox.project.dependency_groups(PROJECT, adapter)
    harness = nox.project.dependency_groups(PROJECT, "harness")
    editable = ("-e", _with_extras("."), "-e", _with_extras(folder))
    lowest = (*_lowest(stated), *_lowest(tools))
    session.install(*CONSTRAINED, *editable, *harness, *lowest)
    session.run("pytest", *(session.posargs or [folder]))


def _lowest(requirements: Iterable[str]) -> list[str]:
    """Pins of the lowest versions, of those that state one."""
    parts = (requirement.partition(">=") for requirement in requirements)
    return [
        f"{name}=={versions.partition(',')[0]}"
        for name, separator, versions in parts
        # torch is pinned by the constraints: older builds for the CPU aren't on the index.
        if separator and name != "torch"
    ]


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks and print their tables."""
    install(session, "bench")
    for name in BENCHMARKS:
        session.run("python", str(HERE / "benchmarks" / f"{name}.py"), *session.posargs)


if __name__ == "__main__":
    sys.exit("Run it with nox: nox -s demo")
