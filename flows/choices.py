"""What the forms offer to choose from: platforms from the content folder, models from the registry.

The names are read when a form is built (at deploy), so a platform or model of your own appears in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from reelmill.errors import ReelmillError
from reelmill.jobs.content import content_folder
from reelmill.platforms import load_platforms
from reelmill.settings import load_settings
from reelmill.veo.registry import Registry

__all__ = ["AS_CONFIGURED", "MediaChoice", "ModelName", "PlatformName", "ResolutionChoice"]

AS_CONFIGURED: Final = "as configured"


@dataclass(frozen=True)
class _OneOf:
    """Adds an ``enum`` to a string's schema; the run itself checks the value with the better message."""

    names: Callable[[Path], list[str]]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        try:
            schema["enum"] = self.names(content_folder(load_settings()))
        except ReelmillError:
            return schema  # the form stays usable as free text; the run names what is wrong with the content
        return schema


def _platforms(content: Path) -> list[str]:
    return sorted(load_platforms(content / "platforms.toml"))


def _models(content: Path) -> list[str]:
    return [AS_CONFIGURED, *Registry.load(content / "models.toml").offered]


PlatformName = Annotated[str, _OneOf(_platforms)]
ModelName = Annotated[str, _OneOf(_models)]
ResolutionChoice = Literal["as configured", "720p", "1080p", "4k"]
MediaChoice = Literal["as configured", "none", "first_frame", "first_last_frame", "references", "extend_video"]
