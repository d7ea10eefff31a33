"""How requests to a server are repeated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """How often a request is repeated that a server was too busy, or out of reach, to answer.

    Attributes:
        attempts: Requests in all; 1 means none is repeated.
        first_wait: Seconds before the first repetition; each further wait is twice as long, with
            some jitter, unless the server says how long to wait.
        longest_wait: Seconds that no wait exceeds, but for those that a rate limit asks for.
        patience: Seconds that a request may wait in all where a rate limit says how long; such a
            wait is no attempt. A request that only reads waits for 30 of them at the most.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 20.0
    patience: float = 600.0
