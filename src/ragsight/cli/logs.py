"""Where the command line writes what ragsight logs: the standard error stream."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Any

from ragsight.characters import encodable
from ragsight.redaction import without_secrets

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
_SHOWN_IN_REPORTS = "source."
"""Events that a command's own report tells of, so that they aren't told twice."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, event, and the event's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as a line."""
        facts: dict[str, Any] = getattr(record, "facts", {})
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "event": getattr(record, "event", "log"),
            **{key: value for key, value in facts.items() if key not in _OWN_KEYS},
        }
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda value: encodable(str(value)))


_OWN_KEYS = frozenset({"time", "level", "logger", "message", "event", "exception"})


class _Stderr(logging.StreamHandler[Any]):
    """Writes to whatever the standard error stream is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.stream = sys.stderr
        super().emit(record)


def configure_logging(verbose: int, *, as_json: bool) -> None:
    """Show what ragsight logs; other libraries' loggers stay as they are.

    Args:
        verbose: 0 for warnings that no report tells of, 1 for what is done, 2 for details.
        as_json: JSON lines, of level INFO at least, in place of lines for people.
    """
    logger = logging.getLogger("ragsight")
    for handler in [h for h in logger.handlers if isinstance(h, _Stderr)]:
        logger.removeHandler(handler)
    handler = _Stderr()
    level = _LEVELS[min(max(verbose, int(as_json)), len(_LEVELS) - 1)]
    handler.setFormatter(
        JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    if not verbose and not as_json:
        handler.setFormatter(logging.Formatter("%(message)s"))
        handler.addFilter(
            lambda record: not getattr(record, "event", "").startswith(_SHOWN_IN_REPORTS)
        )
    handler.setLevel(level)
    logger.addHandler(handler)
    logger.setLevel(level)
