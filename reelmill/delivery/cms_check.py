"""Whether the CMS of the settings can be published to, asked without an upload."""

from __future__ import annotations

import hashlib

from reelmill.checkup import Check
from reelmill.delivery.cms import cms_receiver
from reelmill.delivery.tus import VERSION, Broken, Content, TusClient
from reelmill.settings import Settings
from reelmill.webhooks.posting import trust

__all__ = ["check_cms"]

_NAME = "cms"
_LONGEST_S = 15.0  # for somebody who waits at a terminal
_NOTHING = Content(sha256=hashlib.sha256(b"").hexdigest(), size=0)
_ADDRESS = "Set REELMILL_CMS_URL to the address at which the CMS creates tus uploads."


def check_cms(settings: Settings) -> Check:
    """Ask for what the CMS has of no bytes at all: one HEAD, signed and with the token like those of an upload.

    Its answer tells whether it is there, knows us, and speaks our version of tus, whose servers say so in each answer.
    Raises FixConfiguration for a wrong setting, FixAccess if it refuses us.
    """
    receiver = cms_receiver(settings, min(_LONGEST_S, settings.cms_timeout_s))
    client = TusClient(receiver, settings.cms_token.get_secret_value(), trust(receiver))
    try:
        answer = client.look(client.of_content(_NOTHING), _NOTHING)
    except Broken as broken:
        fix = f"See that the CMS runs and can be reached from here. {_ADDRESS}"
        return Check(_NAME, ok=False, detail=f"{receiver.origin} does not answer as it should: {broken.said}", fix=fix)
    finally:
        client.close()
    told = answer.headers.get("tus-version") or answer.headers.get("tus-resumable", "")
    if not told:
        detail = f"{receiver.origin} answers {answer.said}, but does not speak tus there"
        return Check(_NAME, ok=False, detail=detail, fix=_ADDRESS)
    if VERSION not in (version.strip() for version in told.split(",")):
        detail = f"{receiver.origin} speaks tus {told[:40]}, not {VERSION}"
        return Check(_NAME, ok=False, detail=detail, fix=f"Let the CMS take uploads by tus {VERSION}.")
    detail = f"{receiver.origin} speaks tus {VERSION} and does not refuse us; nothing was uploaded"
    return Check(_NAME, ok=True, detail=detail)
