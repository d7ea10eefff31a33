"""LibreOffice: where it is, and how it is run so that a deck can do no harm."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from ragsight.errors import ConfigurationError
from ragsight.processes import Finished, run_program

Target = Literal["pdf", "pptx"]

VARIABLE = "RAGSIGHT_SOFFICE"
"""Environment variable that names the program; `off` for none."""

LOG_NAME = "log.txt"
"""File beside the results for what LibreOffice prints."""

_NAMES = ("soffice", "libreoffice")
_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "~/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.com",
    "C:/Program Files (x86)/LibreOffice/program/soffice.com",
)
_RESTART = 81
"""Exit code of a first start that set up its profile and wants to be started again."""

_FILTERS: dict[Target, str] = {
    # Without hidden slides the pages' numbers would not be those of the slides.
    "pdf": 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}',
    "pptx": "pptx:Impress MS PowerPoint 2007 XML",
}
_FLAGS = ("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck")

_NOWHERE = "http://127.0.0.1:9"
"""The port of the discard service (RFC 863), where nobody answers in our time."""

_ENVIRONMENT = {
    # The players of films make requests of their own, past LibreOffice's settings.
    "GST_PLUGIN_SYSTEM_PATH_1_0": "",
    "GST_PLUGIN_PATH_1_0": "",
    **dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), _NOWHERE),
    "no_proxy": "",
}

_SETTINGS = (
    # Second lines: the copy of a deck that is painted has no links that LibreOffice follows.
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetNoProxy", ""),
    *(
        setting
        for scheme in ("HTTP", "HTTPS", "FTP")
        for setting in (
            ("Inet/Settings", f"ooInet{scheme}ProxyName", "127.0.0.1"),
            ("Inet/Settings", f"ooInet{scheme}ProxyPort", "9"),
        )
    ),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Java/VirtualMachine", "Enable", "false"),
)


@dataclass(frozen=True, slots=True)
class Soffice:
    """An installed LibreOffice.

    Args:
        program: The `soffice` program.

    Example:
        >>> soffice = find_soffice()  # doctest: +SKIP
        >>> soffice.convert([Path("in/1.odp")], "pdf", Path("out"), timeout=60)  # doctest: +SKIP
    """

    program: Path

    @property
    def identity(self) -> str:
        """Digest of what tells one version from another, without starting it."""
        digest = hashlib.sha256()
        for file in _version_files(self.program.resolve()):
            status = file.stat()
            digest.update(repr((file.name, status.st_size, status.st_mtime_ns)).encode())
        return digest.hexdigest()

    def convert(
        self,
        files: Sequence[Path],
        to: Target,
        folder: Path,
        *,
        timeout: float,
        progress: Callable[[], object] = lambda: None,
    ) -> Finished:
        """Convert files in one process with a profile of its own, so that any number can run.

        Args:
            files: The files, with names that differ in more than their suffix.
            to: What to convert them to.
            folder: Where the results go; the profile and the log are kept beside them.
            timeout: Seconds without progress after which it is killed.
            progress: Something that changes when it gets on.

        Returns:
            How it ended. It ends with 0 even if a file couldn't be loaded.

        Raises:
            OSError: If it can't be started.
        """
        profile = folder.parent / "profile"
        write_settings(profile)
        command = [
            str(self.program),
            f"-env:UserInstallation={profile.resolve().as_uri()}",
            *_FLAGS,
            *("--convert-to", _FILTERS[to], "--outdir", str(folder)),
            *map(str, files),
        ]
        log = folder.parent / LOG_NAME
        run = partial(
            run_program, command, log=log, timeout=timeout, progress=progress,
            environment={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
        finished = run()
        if finished.code == _RESTART:
            finished = run()
        return finished


def find_soffice() -> Soffice | None:
    """LibreOffice as named by `RAGSIGHT_SOFFICE`, on the path, or where installers put it.

    Raises:
        ConfigurationError: If the variable names no program.
    """
    named = os.environ.get(VARIABLE, "")
    if named.lower() == "off":
        return None
    if named:
        program = shutil.which(Path(named).expanduser())
        if program is None:
            raise ConfigurationError(
                f"{VARIABLE}={named}: there is no such program. Set it to the path of soffice, to "
                "'off', or not at all."
            )
        return Soffice(Path(program))
    candidates = [*_NAMES, *(str(Path(place).expanduser()) for place in _PLACES)]
    programs = map(Path, filter(None, map(shutil.which, candidates)))
    return next((Soffice(program) for program in programs if has_impress(program)), None)


def has_impress(program: Path) -> bool:
    """Whether a LibreOffice can load decks: many servers have the part for texts only.

    Args:
        program: Its `soffice`. Where its folders aren't laid out as known, it is taken to.
    """
    registry = program.resolve().parent.parent / "share" / "registry"
    return not (registry / "main.xcd").is_file() or (registry / "impress.xcd").is_file()


def write_settings(profile: Path) -> None:
    """Set a fresh profile to follow no links and run no macros."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>\n"
        for path, name, value in _SETTINGS
    )
    user = profile / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"{items}</oor:items>\n",
        encoding="utf-8",
    )


def _version_files(program: Path) -> Iterator[Path]:
    yield program
    for place in (program.parent, program.parent.parent / "Resources"):
        for name in ("versionrc", "version.ini"):
            if (place / name).is_file():
                yield place / name
