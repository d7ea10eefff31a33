"""What in a source could pass for a delimiter: ragsight's own, or of a model's chat template.

Written down once more than once disguised: letters that look alike, signs that can't be seen, other
brackets. So what stands behind a bracket is folded to plain letters before it is looked up.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

GAPS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c-\u200f\u2800\u3164\ufe00-\ufe0f"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0080-\U000e0fff"
)
"""Signs without a shape that writing needs, as a class for patterns: soft hyphens, joiners,
direction marks, selectors of variants, fillers of Hangul. Inside a delimiter they hide it."""

ANGLES = "<\u02c2\u1438\u2039\u226a\u2329\u276e\u2770\u27e8\u29fc\u3008\ufe64\uff1c"
"""`<` and what looks like it. The quotation marks of French and the marks of Chinese titles are no
part of it: in those languages they stand around any word."""

SQUARES = "[\u2045\u27e6\u2772\u3010\u3014\u301a\ufe5d\uff3b"

_ANGLE_ENDS = frozenset(
    ">\u02c3\u1433\u203a\u226b\u232a\u276f\u2771\u27e9\u29fd\u3009\ufe65\uff1e&"
)
_SQUARE_ENDS = frozenset("]\u2046\u27e7\u2773\u3011\u3015\u301b\ufe5e\uff3d")
_STARTS = frozenset(ANGLES + SQUARES)

_LONGEST = 40
"""Letters behind a bracket that are looked at; the longest token has 25."""

_LETTERS = {
    "a": "\u0430\u03b1", "c": "\u0441\u03c2", "d": "\u0501", "e": "\u0435\u03b5",
    "h": "\u04bb\u0570", "i": "\u0456\u03b9\u0131", "k": "\u043a\u03ba", "m": "\u043c",
    "n": "\u0578\u03b7", "o": "\u043e\u03bf\u0585", "p": "\u0440\u03c1", "q": "\u051b\u0566",
    "r": "\u0433", "s": "\u0455", "t": "\u0442\u03c4", "u": "\u057d\u03c5", "v": "\u03bd\u0475",
    "x": "\u0445\u03c7", "y": "\u0443", "A": "\u0410\u0391", "B": "\u0412\u0392", "C": "\u0421",
    "E": "\u0415\u0395", "H": "\u041d\u0397", "I": "\u0406\u0399", "K": "\u041a\u039a",
    "M": "\u041c\u039c", "N": "\u039d", "O": "\u041e\u039f", "P": "\u0420\u03a1", "S": "\u0405",
    "T": "\u0422\u03a4", "X": "\u0425\u03a7", "Y": "\u0423\u03a5",
    "/": "\u2044\u2215\u29f8\\", "|": "\u01c0\u2223\u2502\u23d0\u2758",
    # Joints of a token's words, which are written in several ways.
    "": "_-\u2010\u2011\u2012\u2013\u2014\u2212\u2581\u203f",
}  # fmt: skip
"""Letters of Cyrillic, Greek and Armenian that look like Latin ones, and signs like ours."""

_ALIKE = {ord(sign): plain for plain, signs in _LETTERS.items() for sign in signs}

_OWN = "source|question|notes"
"""ragsight's delimiters, whatever follows."""

_ROLES = "system|user|assistant|human|developer|tool|tools|model|ipython"

_TOKENS = (
    # Beginnings, ends and paddings of Llama, Mistral, Gemma, Command R, T5 and others.
    "s|bos|eos|eop|eot|eom|eod|cls|sep|pad|unk|mask|(?:bos|eos|eop|pad|unk|cls|mask)token|sys|"
    "startofturn|endofturn|startofimage|endofimage|imagesofttoken|image|image[0-9]{1,3}|video|"
    "img|imgcontext|audio|unused[0-9]{0,3}|extraid[0-9]{0,3}|reserved[0-9]{0,3}|special[0-9]{0,3}|"
    "fim[a-z]{1,10}|"
    # Tools and thoughts of Claude, Qwen, DeepSeek, Hermes and others.
    "functioncalls?|functionresults?|toolcalls?|toolresponses?|tooluse|toolresults?|invoke|"
    "parameter|systemreminder|think|thinking|thought|scratchpad"
)
_WITH_VALUES = "invokename|parametername|functioncall|functionresult|toolcall|toolresult"

_SQUARE_TOKENS = (
    "INST|SYSTEMPROMPT|TOOLCALLS|AVAILABLETOOLS|TOOLRESULTS|TOOLCONTENT|IMG|IMGBREAK|IMGEND|"
    "PREFIX|SUFFIX|MIDDLE|ARGS|CALLID|THINK|AUDIO|BEGINAUDIO|TRANSCRIBE|MODELSETTINGS"
)

_NUMBERS = re.compile(
    r"(?:sources?)?#?[,;]*\d+(?:(?:[,;&]|and)+\d+)*[,;.]*(?:\u2020.*)?", re.IGNORECASE
)
_BARRED = re.compile(r"\|+[^|]+\|+")
_OWN_WORD = re.compile(rf"/*(?:{_OWN})s?/*", re.IGNORECASE)
_OWN_START = re.compile(rf"/*(?:{_OWN})", re.IGNORECASE)
_TOKEN = re.compile(rf"/*(?:{_TOKENS})/*", re.IGNORECASE)
_TOKEN_START = re.compile(rf"/*(?:{_WITH_VALUES})", re.IGNORECASE)
_ROLE = re.compile(rf"/*(?:{_ROLES})/*", re.IGNORECASE)
_SQUARE_TOKEN = re.compile(rf"/*(?:{_SQUARE_TOKENS}|inst)/*")


class _Folding(dict[str, str]):
    """A sign as the plain letters that it looks like; those without a shape as nothing."""

    def __missing__(self, sign: str) -> str:
        plain = unicodedata.normalize("NFKD", sign)
        kept = (c for c in plain if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
        folded = "" if _SHAPELESS.match(sign) else "".join(kept).translate(_ALIKE)
        self[sign] = folded
        return folded


_SHAPELESS = re.compile(rf"[\s{GAPS}]")
_FOLDED = _Folding()


@dataclass(frozen=True, slots=True)
class Bracketed:
    """What stands behind a bracket.

    Attributes:
        letters: Folded, without blanks and joints, up to the bracket that ends it or to a limit.
        spaced: Whether a blank stands right behind the bracket.
        end: Where the closing bracket is; None if there is none.
    """

    letters: str
    spaced: bool
    end: int | None

    @classmethod
    def at(cls, text: str, start: int, *, is_angle: bool) -> Bracketed:
        """Read from behind the bracket; no further than the next one, so that all is linear."""
        ends = _ANGLE_ENDS if is_angle else _SQUARE_ENDS
        letters, spaced = "", False
        for place in range(start, len(text)):
            sign = text[place]
            if sign in ends:
                return cls(letters, spaced, place)
            if sign in _STARTS or len(letters) > _LONGEST:
                break
            spaced = spaced or (not letters and sign.isspace())
            letters += _FOLDED[sign]
        return cls(letters, spaced, None)

    def is_delimiter(self, *, behind_word: bool) -> bool:
        """Whether it could pass for a delimiter or a control token in angle brackets.

        Args:
            behind_word: Whether the bracket stands right behind a letter, as in `List<User>`.
        """
        letters, closed = self.letters, self.end is not None
        if self.spaced and not letters.startswith("/"):
            # `x < source_count` compares.
            return closed and bool(
                _OWN_WORD.fullmatch(letters) or _BARRED.fullmatch(letters) or _is_token(letters)
            )
        if letters.startswith("|") or _OWN_START.match(letters) or _TOKEN_START.match(letters):
            return True
        # `List<User>` is a type.
        is_type = behind_word and letters[:1].isupper()
        is_role = _ROLE.fullmatch(letters) is not None and not is_type
        return closed and (_is_token(letters) or is_role)

    def is_marker(self) -> bool:
        """Whether it could pass for a citation in square brackets."""
        return self.end is not None and _NUMBERS.fullmatch(self.letters) is not None

    def is_instruction(self) -> bool:
        """Whether it could pass for a control token in square brackets."""
        return self.end is not None and _SQUARE_TOKEN.fullmatch(self.letters) is not None


def _is_token(letters: str) -> bool:
    return _TOKEN.fullmatch(letters) is not None
