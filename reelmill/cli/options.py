"""Options that several verbs share, spelled and explained once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token, validators

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings, load_settings

__all__ = [
    "Campaign",
    "CapUsd",
    "Columns",
    "DialectName",
    "Drafts",
    "Feed",
    "Force",
    "Json",
    "Limit",
    "Media",
    "ModelName",
    "Only",
    "OnlyThese",
    "Output",
    "Platforms",
    "Quality",
    "Variants",
    "Yes",
    "columns_of",
    "is_blank",
    "names_of",
    "not_blank",
    "settings_with",
]


def not_blank(option: str) -> Callable[[Any, Sequence[Token]], str]:
    """A converter: what is given must say something. A variable that is empty would mean the latest, or nothing."""

    def convert(_: Any, tokens: Sequence[Token]) -> str:
        if not tokens[0].value.strip():
            raise is_blank(option)
        return tokens[0].value

    return convert


def is_blank(option: str) -> FixConfiguration:
    """The error of an option that was given and says nothing."""
    return FixConfiguration(f"{option} was given and is empty.", "Say which, or leave it out.")


Feed = Annotated[str, Parameter(help="Product feed: CSV, TSV (also .gz), Parquet file or folder; a path or gs://.")]
Output = Annotated[
    str,
    Parameter(
        help="Where videos and tables go: gs://bucket/prefix or a folder. Default: settings, or the latest run's.",
        converter=not_blank("--output"),
    ),
]
Platforms = Annotated[
    tuple[str, ...], Parameter(help="Platforms, separated by commas.", consume_multiple=True, negative=())
]
_SKUS = "Only these SKUs, separated by commas; one that holds a comma in double quotes."
Only = Annotated[
    tuple[str, ...],
    Parameter(help=f"{_SKUS} A part of a catalog retires nothing.", consume_multiple=True, negative=()),
]
OnlyThese = Annotated[tuple[str, ...], Parameter(name="--only", help=_SKUS, consume_multiple=True, negative=())]
Limit = Annotated[
    int | None,
    Parameter(help="Stop after this many products that have something to make.", validator=validators.Number(gte=1)),
]
Force = Annotated[bool, Parameter(help="Make delivered clips again. They are paid again.", negative=())]
Drafts = Annotated[
    bool,
    Parameter(help="Make drafts with draft_model, to pick from, of the clips still to be made.", negative=()),
]
Json = Annotated[bool, Parameter(name="--json", help="Print JSON for machines on standard output.", negative=())]
ModelName = Annotated[str | None, Parameter(help="Veo model to pay for.")]
CapUsd = Annotated[Decimal | None, Parameter(help="Most that this run may spend, in USD.")]
Campaign = Annotated[str | None, Parameter(help="Campaign name carried into labels and tables.")]
Variants = Annotated[int | None, Parameter(help="Different clips per product and ratio; each is paid.")]
Storyboards = Annotated[
    bool | None, Parameter(help="Films of several scenes where a category has a storyboard; each scene is paid.")
]
Quality = Annotated[Literal["720p", "1080p", "4k"] | None, Parameter(help="Resolution asked of Veo.")]
Media = Annotated[
    Literal["none", "first_frame", "first_last_frame", "references", "extend_video"] | None,
    Parameter(help="How product images enter the request."),
]
Yes = Annotated[bool, Parameter(name=("--yes", "-y"), help="Spend the shown price without asking.", negative=())]
DialectName = Annotated[
    Literal["google", "shopify", "plain"] | None, Parameter(help="Feed dialect; detected from the header if not given.")
]
Columns = Annotated[
    tuple[str, ...],
    Parameter(name="--column", help="FIELD=COLUMN: read a product field from this feed column.", negative=()),
]


def names_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """Names given as ``a,b c`` in any mixture."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def columns_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """``FIELD=COLUMN`` pairs as a mapping. Raises FixConfiguration for a pair without ``=``."""
    columns = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise FixConfiguration(
                f"--column {pair!r} is no pair.", "Write it as FIELD=COLUMN, like title=product_name."
            )
        columns[name.strip()] = column.strip()
    return columns


def settings_with(**overrides: object) -> Settings:
    """The effective settings, with the options that were given on the command line on top."""
    return load_settings(**{name: value for name, value in overrides.items() if value is not None})
