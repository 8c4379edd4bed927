"""What the log of a flow run says of its settings when it starts."""

from __future__ import annotations

from collections.abc import Mapping

from prefect.logging import get_run_logger

from reelmill.cli.environment import unknown_names
from reelmill.settings_file import FILE, chosen_profile, shown

__all__ = ["tell_settings"]


def tell_settings(chosen: Mapping[str, object]) -> None:
    """Log the profile in force and what the form sets on top of all layers; warn of each name that nobody reads."""
    profile = f"profile {shown(chosen_profile())} of {FILE}" if chosen_profile() else "no profile"
    form = ", ".join(f"{name}={shown(value)}" for name, value in chosen.items()) or "nothing"
    log = get_run_logger()
    log.info("Settings: %s; set by the form: %s.", profile, form)
    for warning in unknown_names():
        log.warning(warning)
