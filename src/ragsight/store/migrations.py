"""How what an earlier release stored becomes what this one reads: an ordered list of steps.

A release that changes what is stored raises `SCHEMA_VERSION` and adds a `Migration` here. Opening
an index runs the steps that it lacks, one after the other; the new version is noted after each, so
a step that was broken off is run again and must bear that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragsight.errors import StoreError
from ragsight.steps import Steps
from ragsight.store.schema import SCHEMA_VERSION, IndexManifest

if TYPE_CHECKING:
    from ragsight.store.engines.base import Engine

OLDEST = 1
"""Schema of the first release; nothing older was ever stored."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, from the schema before to this one.

    Attributes:
        version: The schema that it leads to.
        profile: Gives what the profile becomes; pure, and its `schema` is set by the caller.
        points: Changes the stored points of an open index, if they change.
    """

    version: int
    profile: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    points: Callable[[Engine], Steps[None]] | None = None


def _with_analyzer(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its texts became terms as the engine has it, and questions to it go on so."""
    return {**profile, "analyzer": 1}


MIGRATIONS: Sequence[Migration] = (Migration(2, profile=_with_analyzer),)
"""In order, without gaps, from `OLDEST + 1` to `SCHEMA_VERSION`."""


def current_profile(data: Any, *, place: str) -> IndexManifest:
    """Read a stored profile of any schema, as it is after all steps.

    Raises:
        StoreError: If it is of a later release, or no profile.
    """
    for step in _steps(data, place):
        data = _stepped(data, step)
    try:
        return IndexManifest.from_dict(data)
    except ValueError as error:
        raise _no_profile(place, error) from error


def migrate(engine: Engine, data: Any) -> Steps[IndexManifest]:
    """Bring an open index up to this release's schema.

    Raises:
        StoreError: If it is of a later release, or the engine refuses.
    """
    profile = current_profile(data, place=engine.place)
    for step in _steps(data, engine.place):
        if step.points is not None:
            yield from step.points(engine)
        data = _stepped(data, step)
        yield from engine.write_profile(data)
    return profile


def profile_problem(data: Any) -> str | None:
    """Why something isn't a profile; None for one of a later release, too."""
    try:
        if _version(data) <= SCHEMA_VERSION:
            current_profile(data, place="")
    except ValueError as error:
        return str(error)
    except StoreError as error:
        return str(error.__cause__)
    return None


def _steps(data: Any, place: str) -> list[Migration]:
    """What is still to be done."""
    try:
        version = _version(data)
    except ValueError as error:
        raise _no_profile(place, error) from error
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{place}: it was made by a later version of ragsight (schema {version}, this one "
            f"reads up to {SCHEMA_VERSION}). Upgrade ragsight."
        )
    return [step for step in MIGRATIONS if step.version > version]


def _version(data: Any) -> int:
    version = data.get("schema") if isinstance(data, Mapping) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < OLDEST:
        raise ValueError(f"its schema is {version!r}, which no release wrote")
    return version


def _stepped(data: Mapping[str, Any], step: Migration) -> dict[str, Any]:
    return {**step.profile(data), "schema": step.version}


def _no_profile(place: str, error: Exception) -> StoreError:
    return StoreError(
        f"{place}: there is no readable profile ({error}). Was it made by ragsight? Choose "
        "another place, or index again."
    )
