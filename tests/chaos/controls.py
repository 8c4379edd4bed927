"""The protocol, broken on purpose: each of these must make the proof go red."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Control", "break_protocol"]


class Control(StrEnum):
    """One way of breaking it."""

    NO_INTENT = "drop the intent write"
    LATE_SENDING = "mark SENDING after the POST"
    SDK_RETRIES = "turn on the SDK's retries"
    PREFIX_BY_SKU = "key the output prefix by SKU alone"
    FREE_IF_UNKNOWN = "count an unknown price as zero"


def break_protocol(control: Control | None) -> None:
    """Break this process's copy of the engine."""
    if control is not None:
        raise NotImplementedError(control)
