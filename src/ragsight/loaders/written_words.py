"""Words that a person wrote about a picture, told from what programs put in their place.

Fields for descriptions hold what cameras and programs filled in: the camera's name, the file's,
its path on somebody's machine, a number. None of it says what is to be seen, and a path says whose
machine it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 10_000
"""Characters of a description; what is longer is a program's data, and slow to look through."""

_EXTENSION = (
    r"\.(?:png|jpe?g|jpe|jfif|gif|bmp|dib|tiff?|webp|avif|heic|heif|svgz?|emf|wmf|emz|wmz|eps|ico"
    r"|psd|ai|pdf|pptx?|docx?|xlsx?|mp4|mov|avi|dng|cr2|nef|arw|raw)"
)
_PATH = re.compile(
    # A drive, a share, a home or a volume, the old Macintosh's colons, or an address of files;
    # blanks belong to it as far as the file's extension.
    r"(?:(?<![A-Za-z])[A-Za-z]:[\\/]|\\\\[^\s\\]|\bfile:/|(?<![\w/.])~?/(?:users|home|volumes|private"
    r"|var|tmp|mnt|media|opt|root|srv|usr|etc|library|system|applications|storage|sdcard)/"
    r"|\bmacintosh hd:)"
    rf"(?:[^\n\"<>|*?]{{0,300}}?{_EXTENSION}\b|[^\s\"<>|*?]*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?|ftp|data|cid|blob):\S*", re.IGNORECASE)
_FILE_NAME = re.compile(rf"(?P<stem>\S+(?: \S+)*){_EXTENSION}", re.IGNORECASE)
_NAME_WORDS = 5
"""Words of a file's name; a sentence that ends in one has more."""

_COUNTED = re.compile(
    # What cameras and programs call pictures: a word or a few letters, then a number.
    r"(?:img|image|dsc[nf]?|dscf|p|pic|pict|picture|photo|scan|screen ?shot|bild|grafik|imagen"
    r"|imagem|immagine|obraz|afbeelding|図|圖片|图片|그림|рисунок|shape"
    r"|content placeholder|graphic|object|pxl|vid|mvc|capture|bitmap|untitled|unnamed|unknown)"
    r"[\s_\-.:#]*(?:[\d_\-.:\s()]|of|at|am|pm)*",
    re.IGNORECASE,
)
_CAMERAS = re.compile(
    r"(?:[\w<>/.-]+ ){0,3}(?:digital (?:still )?camera|dcam)|exif[_ ]jpeg(?:[_ ]picture)?|sony dsc"
    r"|applemark|lead technologies.*|<?(?:kenox|digimax).*|jpeg image|default|ascii|binary comment"
    r"|minolta .*|(?:created|generated|processed|edited|exported) (?:with|using) .*"
    r"|file (?:written|created) by .*|creator:.*|fbmd[0-9a-f]+|xr:[\w:,-]+|screen ?shot"
    r"|clip_image\d+|adobe (?:photoshop|illustrator).*|optimized by .*"
    r"|compressed by .*|charset=\S* ?",
    re.IGNORECASE,
)
_NOTES = (
    "Description automatically generated",
    "AI-generated content may be incorrect.",
)
"""What programs add to descriptions that they wrote themselves."""


def written_words(text: str, machine: Iterable[str] = ()) -> str:
    r"""What of a description a person wrote, on one line; empty if nothing.

    File names, numbers, addresses and names of cameras are no words; paths are taken out of the
    words around them.

    Args:
        text: The description.
        machine: What names the camera or program: its maker, its model.

    Example:
        >>> written_words("The pump from above"), written_words("IMG_0012.JPG")
        ('The pump from above', '')
        >>> written_words(r"Sales, C:\Users\ann\sales 2.png")
        'Sales,'
    """
    if len(text) > _LONGEST:
        return ""
    for note in _NOTES:
        text = text.replace(note, "")
    text = " ".join(_PATH.sub(" ", text.replace("\0", " ")).split())
    if not any(character.isalpha() for character in text) or text.startswith(("{", "[{", "<?xml")):
        return ""
    forms = (_ADDRESS, _COUNTED, _CAMERAS)
    if any(form.fullmatch(text) for form in forms) or _is_file(text) or _is_code(text):
        return ""
    names = " ".join(machine).lower()
    if names and all(word in names or word in _ABOUT_CAMERAS for word in text.lower().split()):
        return ""
    return text


_ABOUT_CAMERAS = frozenset({"digital", "still", "camera", "dsc", "photo", "image", "picture"})


def _is_file(text: str) -> bool:
    """Whether it is a file's name, blanks and all."""
    found = _FILE_NAME.fullmatch(text)
    if found is None:
        return False
    return len(text.split()) <= _NAME_WORDS or _COUNTED.fullmatch(found["stem"]) is not None


def _is_code(text: str) -> bool:
    """Whether it is one token with digits in it, as ids and camera's numbers are."""
    digits = sum(character.isdecimal() for character in text)
    return " " not in text and text.isascii() and digits >= max(3, len(text) // 4)
