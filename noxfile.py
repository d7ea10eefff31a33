"""Sessions: `nox -s demo`, `nox -s tests`; `nox -l` lists the others.

They need pip (constraints.txt pins torch's CPU build for these environments only), so uv is off.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from itertools import chain
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
TORCH = next(
    line for line in (HERE / "constraints.txt").read_text().split() if line.startswith("torch==")
)
LOWEST_EXTRAS = ("openai", "anthropic", "onnx", "eval", "heif", "pdfium", "svg", "ui", "s3")
CORE_TESTS = (
    "tests",
    # These are about the adapters or the frameworks' own stores, or run examples of theirs.
    "--ignore=tests/integration/test_versions.py",
    "--ignore=tests/integration/test_qdrant_interop.py",
    "--ignore=tests/integration/test_readme.py",
    "--ignore=tests/integration/test_docs.py",
)


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
    session.run("mypy", "src", "tools", *sources)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the three wheels, install them, and test them without the sources in sight."""
    folder = Path(session.create_tmp()).resolve()
    session.install("build")
    wheels = {path: _build(session, path, folder) for path in DISTRIBUTIONS}
    stated = [_of_wheel(file, EXTRAS.get(path, "")) for path, file in wheels.items()]
    session.install(*CONSTRAINED, *stated, *nox.project.dependency_groups(PROJECT, "test"))
    # In an environment that is used again, pip would keep what has the same version.
    session.install("--force-reinstall", "--no-deps", *map(str, wheels.values()))
    for path, file in wheels.items():
        _check_contents(session, file, path)
    found = "import ragsight; assert 'site-packages' in ragsight.__file__, ragsight.__file__"
    session.run("python", "-c", found)
    session.run("pytest", *session.posargs)


def _build(session: nox.Session, path: str, folder: Path) -> Path:
    """Build the wheel of a distribution."""
    out = folder / (Path(path).name or "core")
    command = ("python", "-m", "build", "--wheel", "--outdir", str(out), path)
    session.run_install(*command, silent=True)
    return max(out.glob("*.whl"), key=lambda file: file.stat().st_mtime)


def _check_contents(session: nox.Session, file: Path, path: str) -> None:
    """A wheel holds the files of its package that git knows, no fewer and no more."""
    source = HERE / path / "src"
    listed = session.run("git", "-C", str(source), "ls-files", external=True, silent=True)
    with zipfile.ZipFile(file) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    differing = packed ^ set(str(listed).split())
    if listed is not None and differing:
        session.error(f"{file.name} and {source} differ in {sorted(differing)}")


def _of_wheel(file: Path, extras: str) -> str:
    """A requirement with extras, which pip reads in the wheel's own metadata."""
    return f"{file.name.partition('-')[0]}{extras} @ {file.as_uri()}"


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
    """Test the core with the lowest versions that we state, its extras' included."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    stated = chain(project["dependencies"], *(extras[name] for name in LOWEST_EXTRAS))
    harness = nox.project.dependency_groups(PROJECT, "harness")
    # No adapters: their frameworks need newer packages than the core does.
    session.install(TORCH, "-e", ".", *harness, *_lowest(stated))
    # Old releases use what their newer neighbours call deprecated.
    session.run("pytest", "-W", "ignore::DeprecationWarning", *(session.posargs or CORE_TESTS))


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
def torture(session: nox.Session) -> None:
    """Kill, damage and feed it badly; `-- --short` for a few cases of each kind."""
    install(session, "test")
    session.run("python", "-m", "tools.torture", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks and print their tables."""
    install(session, "bench")
    for name in BENCHMARKS:
        session.run("python", str(HERE / "benchmarks" / f"{name}.py"), *session.posargs)


if __name__ == "__main__":
    sys.exit("Run it with nox: nox -s demo")
