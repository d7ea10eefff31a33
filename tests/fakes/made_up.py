"""A provider of vision models that there isn't: all that adding one takes, besides its row."""

from __future__ import annotations

from typing import Any

from ragsight.answer import Completion, ModelLimits, VisionRequest
from ragsight.answer.model.profiles import LOCAL
from ragsight.answer.providers import table
from ragsight.testing import FakeVisionBackend

PREFIX = "made-up"
ROW = table.Provider(
    title="Made Up",
    backend="fakes.made_up:MadeUpBackend",
    profiles="fakes.made_up:profile_of",
    key="MADE_UP_API_KEY",
    default_model="eyes-2",
    packages=("langchain_made_up",),
)


def profile_of(model: str) -> ModelLimits:
    return LOCAL.tightened(max_edge=100) if model == "eyes-1" else LOCAL


class MadeUpBackend(FakeVisionBackend):
    """Says which model was asked, and how long its answer may be."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        max_output_tokens: int = 50,
        **_parameters: Any,
    ) -> None:
        super().__init__(profile=table.profile_for(PREFIX, model))
        key = api_key if api_key is not None else table.environment_key(PREFIX)
        if key is None:
            raise table.missing_key(PREFIX)
        self.name = ROW.title
        self.model = model
        self.key = key
        self._limit = max_output_tokens

    def _completion(self, request: VisionRequest) -> Completion:
        self.requests.append(request)
        return Completion(text=f"{self.model} says so in {self._limit} [1].", model=self.model)
