"""What happens, for those who run ragsight: one tree of loggers below `ragsight`, and no handlers.

Each record has a message for people and, as `event` and `facts`, the same for machines. Neither has
texts, questions, pictures or keys in it; files are named.
"""

from __future__ import annotations

import logging
from typing import Any

from ragsight.redaction import without_secrets


def log_event(
    logger: logging.Logger, level: int, event: str, message: str, /, **facts: Any
) -> None:
    """Log something that happened.

    Args:
        logger: The module's logger.
        level: As in `logging`.
        event: What happened, for machines: `source.indexed`.
        message: The same for people.
        **facts: Values to filter and count by; JSON-ready.

    Example:
        >>> log_event(logging.getLogger("ragsight"), logging.DEBUG, "index.opened", "Opened.")
    """
    if logger.isEnabledFor(level):
        logger.log(level, "%s", without_secrets(message), extra={"event": event, "facts": facts})
