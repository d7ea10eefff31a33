"""Middleware for agents made with `langchain.agents.create_agent`; needs the package langchain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "langchain":
        raise
    raise ModuleNotFoundError(
        "Middleware needs the package langchain: pip install 'langchain-ragsight[agents]'",
        name=error.name,
    ) from error


class ToolImagesMiddleware(AgentMiddleware[Any, Any]):
    """Shows the images of tool results in a message of the user's.

    For models whose API takes nothing but text in tool results: OpenAI's Chat Completions, which
    `ChatOpenAI` speaks by default, and most servers that resemble it. In what the model is sent,
    each image of a tool result gives way to a marker, and a message after the results shows the
    markers with their images. The agent's own messages stay as they are.

    Example:
        >>> from langchain.agents import create_agent
        >>> agent = create_agent(
        ...     "openai:gpt-5.4-mini", [tool], middleware=[ToolImagesMiddleware()]
        ... )  # doctest: +SKIP
    """

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]
    ) -> Any:
        """Ask the model with the images moved."""
        return handler(request.override(messages=images_after_tools(request.messages)))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Any]]
    ) -> Any:
        """Ask the model with the images moved, without blocking the event loop."""
        return await handler(request.override(messages=images_after_tools(request.messages)))


def images_after_tools(messages: Iterable[AnyMessage]) -> list[AnyMessage]:
    """Move the images of tool results into messages of the user's that follow them.

    Args:
        messages: A conversation; it stays as it is.

    Returns:
        The conversation with text in its tool results only.
    """
    moved: list[AnyMessage] = []
    numbers = iter(range(1, 1 << 30))
    # All results of one turn must follow the calls: the images come after the last of them.
    for is_results, turn in groupby(messages, lambda message: isinstance(message, ToolMessage)):
        if not is_results:
            moved += turn
            continue
        shown: list[str | dict[str, Any]] = []
        moved += [_without_images(message, shown, numbers) for message in turn]
        if shown:
            lead = {"type": "text", "text": "The images in the results of the tools:"}
            moved.append(HumanMessage(content=[lead, *shown]))
    return moved


def _without_images(
    message: AnyMessage, shown: list[str | dict[str, Any]], numbers: Iterator[int]
) -> AnyMessage:
    """The message with markers where its images were; they are added to `shown`."""
    if isinstance(message.content, str) or not _has_images(message.content):
        return message
    blocks: list[str | dict[str, Any]] = []
    for block in message.content:
        if _is_image(block):
            marker: dict[str, Any] = {"type": "text", "text": f"<image {next(numbers)}>"}
            shown += [marker, block]
            blocks.append(marker)
        else:
            blocks.append(block)
    return message.model_copy(update={"content": blocks})


def _has_images(blocks: Sequence[Any]) -> bool:
    return any(_is_image(block) for block in blocks)


def _is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") in {"image", "image_url", "input_image"}
