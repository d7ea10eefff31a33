"""What a server that resembles OpenAI's can do, and how to find out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from PIL import Image

from ragsight.answer.model.messages import ImagePart, Part, TextPart, VisionRequest
from ragsight.answer.model.profiles import LOCAL, ModelLimits
from ragsight.answer.providers.failures import image_limits
from ragsight.images.preparing import PreparedImage
from ragsight.steps import Steps

PROBE_EDGE = 64
"""Side of the images that are sent to find out: the least that all models' patches fit into."""

GROWTH = 0.5
"""An image counts as seen if it costs at least this part of what the first one cost."""

_SERVERS = {"vllm": "vLLM", "llamacpp": "llama.cpp", "library": "Ollama"}
"""Who the servers say owns their models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAbilities:
    """What a server takes, as far as is known.

    Attributes:
        max_images: Images in one request; `None` for one unless the caller asks for more.
        formats: Media types of images.
        schemas: Whether it takes a JSON schema for its reply.
        context: Tokens that the model's context holds.
        server: What it runs on, where it says so.
        models: Models that it names.

    Example:
        >>> abilities = ServerAbilities(max_images=4, formats=frozenset({"image/jpeg"}))
        >>> abilities.profile.max_images
        4
    """

    max_images: int | None = None
    formats: frozenset[str] = frozenset({"image/png", "image/jpeg"})
    schemas: bool = False
    context: int | None = None
    server: str = ""
    models: tuple[str, ...] = ()

    @property
    def profile(self) -> ModelLimits:
        """The limits that keep requests within these abilities."""
        rules = {
            name: replace(rule, limits=replace(rule.limits, formats=self.formats))
            for name, rule in LOCAL.rules.items()
        }
        known = self.max_images
        return replace(
            LOCAL,
            rules=rules,
            max_images=known if known is not None else LOCAL.max_images,
            default_images=known if known is not None else LOCAL.default_images,
            context=self.context,
        )


@dataclass(frozen=True, slots=True)
class ProbeReply:
    """What came of a request that was made to find something out.

    Attributes:
        refusal: Why the server refused it; empty if it replied.
        input_tokens: What the request cost, where the server counted.
    """

    refusal: str = ""
    input_tokens: int | None = None


Probe: TypeAlias = Callable[[VisionRequest], Steps[ProbeReply]]
"""Makes a request, and says what came of it."""


def probed_abilities(
    known: ServerAbilities, probe: Probe, *, most_images: int
) -> Steps[ServerAbilities]:
    """Find out what a server takes by small requests.

    A server may take several images and show the model only the first. So more than one counts
    only if the request costs accordingly more, where the server counts tokens at all.

    Args:
        known: What its list of models says.
        probe: Makes a request.
        most_images: How many images to try at the most.

    Returns:
        What it takes. A model that sees no images has `max_images=0`.
    """
    words = yield from probe(_request())
    one = yield from probe(_request(_picture(0)))
    if one.refusal:
        return replace(known, max_images=0)
    formats = known.formats
    webp = yield from probe(_request(_picture(0, "WEBP")))
    if not webp.refusal:
        formats |= {"image/webp"}
    schema = yield from probe(replace(_request(), schema={"type": "object"}))
    count = yield from _most_images(most_images, probe, words, one)
    return replace(known, max_images=count, formats=formats, schemas=not schema.refusal)


def _most_images(most: int, probe: Probe, words: ProbeReply, one: ProbeReply) -> Steps[int]:
    count = most
    while count > 1:
        reply = yield from probe(_request(*(_picture(n) for n in range(count))))
        if not reply.refusal:
            return count if _all_seen(count, words, one, reply) else 1
        named = image_limits(reply.refusal).get("max_images", 0)
        count = named if 0 < named < count else count // 2
    return 1


def _all_seen(count: int, words: ProbeReply, one: ProbeReply, many: ProbeReply) -> bool:
    if words.input_tokens is None or one.input_tokens is None or many.input_tokens is None:
        return True
    cost = one.input_tokens - words.input_tokens
    return many.input_tokens - one.input_tokens >= GROWTH * cost * (count - 1)


def listed_abilities(model: str, entries: Sequence[Mapping[str, Any]]) -> ServerAbilities:
    """What a server's list of models says.

    Args:
        model: The model's name.
        entries: The entries of `/v1/models`, each server's own additions included.
    """
    names = tuple(str(entry.get("id", "")) for entry in entries)
    # Ollama lists `llava:latest` for what is asked for as `llava`.
    own = next((e for e in entries if str(e.get("id", "")).removesuffix(":latest") == model), {})
    meta = own.get("meta")
    context = own.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else None)
    owner = str((own or (entries[0] if entries else {})).get("owned_by", ""))
    return ServerAbilities(
        models=names,
        server=_SERVERS.get(owner.lower(), ""),
        context=context if isinstance(context, int) and context > 0 else None,
    )


def _request(*images: PreparedImage) -> VisionRequest:
    parts: list[Part] = [ImagePart(image, n) for n, image in enumerate(images, start=1)]
    parts.append(TextPart("Reply: ok"))
    return VisionRequest(system="Reply with the word ok.", parts=tuple(parts))


def _picture(number: int, kind: str = "PNG") -> PreparedImage:
    # Each another colour, so that no server takes two of them for one.
    image = Image.new("RGB", (PROBE_EDGE, PROBE_EDGE), (25 * number % 256, 90, 160))
    buffer = io.BytesIO()
    image.save(buffer, format=kind, lossless=True)
    return PreparedImage(
        data=buffer.getvalue(), mime=f"image/{kind.lower()}", width=PROBE_EDGE, height=PROBE_EDGE
    )
