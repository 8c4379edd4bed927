"""The model registry: data about every model, shipped with the package and extended by ``models.toml``.

``models.toml`` (usually in the catalogs folder) has one table per model. Its fields replace the shipped
ones; a new name adds a model. ``prices`` is replaced as a whole, with the day on which they were read::

    ["veo-3.1-fast-generate-001".prices]
    as_of = 2026-12-01
    audio_on = { "720p" = 0.10, "1080p" = 0.12 }
    audio_off = { "720p" = 0.08, "1080p" = 0.10 }
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from reelmill.errors import ChooseAnotherModel, FixConfiguration
from reelmill.toml import toml_tables
from reelmill.veo.model import Model, RetirementKind

__all__ = ["Model", "Registry"]


class Registry:
    """Every known model, by name. Immutable."""

    def __init__(self, models: Iterable[Model], other_protocols: Mapping[str, str] | None = None) -> None:
        listed = {model.id: model for model in models}
        self._models = {
            name: model.model_copy(update={"live_replacement": _live_replacement(model, listed)})
            for name, model in listed.items()
        }
        self._other_protocols = dict(other_protocols or {})

    @classmethod
    def shipped(cls) -> Self:
        """The registry that comes with Reelmill (facts as of the date in its ``as_of``)."""
        return cls.load(None)

    @classmethod
    def load(cls, extra: Path | None) -> Self:
        """The shipped registry, extended by a ``models.toml`` or ``.json`` at ``extra`` if that file exists.

        Raises FixConfiguration naming the file, model and field that is wrong.
        """
        text = files("reelmill.veo").joinpath("models.json").read_text("utf-8")
        shipped = json.loads(text, parse_float=Decimal)
        tables: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in shipped["models"]}
        where = "reelmill/veo/models.json"
        if extra is not None and extra.is_file():
            where = str(extra)
            for name, fields in _read_extra(extra).items():
                tables[name] = {**tables.get(name, {}), **fields, "id": name}
        others = {entry["id"]: entry["protocol"] for entry in shipped["other_protocols"]}
        return cls([_model(where, name, fields) for name, fields in tables.items()], others)

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model, retired ones too, in the order of the data."""
        return tuple(self._models.values())

    @property
    def offered(self) -> tuple[str, ...]:
        """Names of the models that are not known to be retired."""
        return tuple(model.id for model in self.models if not _gone(model))

    def model(self, name: str) -> Model:
        """The model called ``name``. Raises ChooseAnotherModel, naming near ones, if there is none."""
        found = self._models.get(name)
        if found is not None:
            return found
        if name in self._other_protocols:
            raise ChooseAnotherModel(
                f"{name} is no Veo model: it speaks the {self._other_protocols[name]}, which Reelmill does not.",
                f"Choose from: {', '.join(self.offered)}.",
            )
        near = get_close_matches(name, self.offered, n=3, cutoff=0.6) or list(self.offered)
        raise ChooseAnotherModel(
            f"Unknown model {name[:100]!r}.", f"Did you mean: {', '.join(near)}? A new one can be added to models.toml."
        )


def _gone(model: Model) -> bool:
    return model.retirement is not None and model.retirement.kind is RetirementKind.RETIRED


def _live_replacement(model: Model, listed: Mapping[str, Model]) -> str | None:
    """Follow the replacements until one is still offered: the official name may be retired itself."""
    seen = {model.id}
    step = model.replacement
    while step is not None and step in listed and step not in seen:
        if not _gone(listed[step]):
            return step
        seen.add(step)
        step = listed[step].replacement
    return None


def _read_extra(path: Path) -> dict[str, dict[str, Any]]:
    try:
        text = path.read_text("utf-8")
        parsed = json.loads(text, parse_float=Decimal) if path.suffix == ".json" else toml_tables(text, Decimal)
    except OSError as error:
        raise FixConfiguration(f"{path}: cannot be read ({error.strerror}).", "Mend its permissions.") from None
    except (ValueError, RecursionError) as error:  # both parsers' errors, and text that is not UTF-8
        raise FixConfiguration(f"{path}: cannot be parsed: {error}.", "Correct that line.") from None
    if not isinstance(parsed, dict):
        raise FixConfiguration(f"{path}: holds no tables.", "Write one table per model.")
    for name, fields in parsed.items():
        if not isinstance(fields, dict):
            raise FixConfiguration(f"{path}: {name} is not a table.", f'Write it as ["{name}"] with its fields below.')
    return parsed


def _model(where: str, name: str, fields: Mapping[str, Any]) -> Model:
    try:
        return Model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the table"
        raise FixConfiguration(f"{where}: model {name}: {field}: {first['msg']}.", "Correct that field.") from None
