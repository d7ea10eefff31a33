"""What the stand-in for a Qdrant server does to requests when told so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

ALWAYS = 10**9


@dataclass(frozen=True)
class Fault:
    """Something that happens to a request.

    Attributes:
        status: HTTP status of the answer; None to break the connection without one.
        retry_after: The header of that name.
        seconds: How long to wait first.
        applies: Whether the request is carried out all the same.
        name: Only requests that ask for this; empty for any.
        after: How many such requests to let pass first.
        times: How many requests it happens to.
    """

    status: int | None = None
    retry_after: str | None = None
    seconds: float = 0
    applies: bool = False
    name: str = ""
    after: int = 0
    times: int = 1


class Faults:
    """The faults to come; the first that fits a request happens to it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def fail(
        self,
        status: int,
        *,
        name: str = "",
        times: int = 1,
        after: int = 0,
        retry_after: str | None = None,
    ) -> None:
        """Answer the next requests with a status, without carrying them out."""
        self._add(Fault(status, retry_after, name=name, times=times, after=after))

    def hang(self, seconds: float, *, name: str = "", times: int = 1) -> None:
        """Let the next requests wait, then break the connection without carrying them out."""
        self._add(Fault(seconds=seconds, name=name, times=times))

    def drop(self, *, name: str = "", times: int = 1, after: int = 0) -> None:
        """Break the connection of the next requests without carrying them out."""
        self._add(Fault(name=name, times=times, after=after))

    def lose_answers(self, *, name: str = "", times: int = 1) -> None:
        """Carry the next requests out, then break the connection before the answer."""
        self._add(Fault(applies=True, name=name, times=times))

    def clear(self) -> None:
        """Forget what was to come."""
        with self._lock:
            self._faults.clear()

    def take(self, name: str) -> Fault | None:
        """What happens to a request, if anything."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.name not in {"", name}:
                    continue
                if fault.after:
                    self._faults[index] = replace(fault, after=fault.after - 1)
                    return None
                left = fault.times - 1
                self._faults[index : index + 1] = [replace(fault, times=left)] if left else []
                return fault
        return None

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
