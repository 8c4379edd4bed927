"""Send the automations beside this file to the Prefect server: new ones are made, known ones brought up to date.

python -m deployments.automate [--notify BLOCK]

``--notify`` names the notification block that tells people, like ``slack-webhook/ops`` or ``custom-webhook/pager``.
Without it only those automations are sent that tell nobody.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

__all__ = ["automate", "main"]

FOLDER = Path(__file__).resolve().parent / "automations"
_NOTIFICATION = "send-notification"


def main() -> None:
    """Send them and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m deployments.automate", description=__doc__)
    parser.add_argument("--notify", metavar="BLOCK", default="", help="type/name of a notification block")
    asked = parser.parse_args()
    for name, done in asyncio.run(automate(asked.notify)).items():
        print(f"{name}: {done}")


async def automate(notify: str = "") -> dict[str, str]:
    """Make or update every automation; what was done with each, by name. Raises SystemExit for an unknown block."""
    done = {}
    async with get_client() as client:
        block = await _block_id(client, notify) if notify else None
        for told in _files():
            name = str(told["name"])
            if block is None and any(action["type"] == _NOTIFICATION for action in told["actions"]):
                done[name] = "left out, as nobody is to be told (--notify)"
                continue
            for action in told["actions"]:
                if action["type"] == _NOTIFICATION:
                    action["block_document_id"] = block
            done[name] = await _send(client, AutomationCore.model_validate(told))
    return done


def _files() -> Iterator[dict[str, Any]]:
    for file in sorted(FOLDER.glob("*.yaml")):
        yield yaml.safe_load(file.read_text("utf-8"))


async def _block_id(client: PrefectClient, notify: str) -> str:
    kind, _, name = notify.partition("/")
    try:
        return str((await client.read_block_document_by_name(name, kind)).id)
    except ObjectNotFound:
        raise SystemExit(f"There is no block {notify}. Make it in the UI (Blocks), then run this again.") from None


async def _send(client: PrefectClient, automation: AutomationCore) -> str:
    known = await client.read_automations_by_name(automation.name)
    if not known:
        await client.create_automation(automation)
        return "made"
    first, *twins = known
    automation.enabled = first.enabled  # who switched it off meant it
    await client.update_automation(first.id, automation)
    for twin in twins:
        await client.delete_automation(twin.id)
    return "brought up to date"


if __name__ == "__main__":
    main()
