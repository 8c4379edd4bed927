"""Sending what is due to be told: by hand, at the end of a settle, and in the background of a run.

Whoever has a ledger and the settings may send. A run is never delayed or failed by a receiver.
"""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf

from reelmill.errors import FixConfiguration, ReelmillError
from reelmill.jobs.engine import Engine
from reelmill.jobs.messages import message
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Delivery, DeliveryStatus
from reelmill.settings import Settings
from reelmill.telemetry.log_context import about
from reelmill.webhooks.backoff import pause_s
from reelmill.webhooks.posting import Answer, post, trust
from reelmill.webhooks.receiver import Receiver

__all__ = ["Sender", "delivering"]

_log = logging.getLogger(__name__)
_AT_ONCE = 8
_LEASE_S = 30.0  # for the ledger to answer before and after a delivery
_LOOK_S = 1.0
_LONGEST_PAUSE_S = 30.0
_GRACE_S, _HURRIED_S = 5.0, 1.0
_LEAST_S = 0.5  # with less time left, a receiver could hardly answer


@dataclass(slots=True)
class Sender:
    """Sends what is due, a few at a time, each under a lease. ``stop_at`` (monotonic) ends all of it.

    After ``abandoned`` is set, it touches the ledger no more: what it holds is sent again when its lease lapses.
    """

    ledger: Ledger
    receiver: Receiver
    settings: Settings
    holder: str
    stop_at: float = inf
    abandoned: bool = False
    tls: ssl.SSLContext | None = field(init=False)

    def __post_init__(self) -> None:
        self.tls = trust(self.receiver)

    @classmethod
    def open(cls, ledger: Ledger, settings: Settings, holder: str) -> Sender:
        """Raises FixConfiguration if the settings name no receiver that may be sent to."""
        return cls(ledger, Receiver.from_settings(settings), settings, holder)

    def send_due(self) -> Counter[DeliveryStatus]:
        """Send until nothing is due, time is over, or the receiver takes nothing; what became of each.

        Raises TryLater or FixAccess if the ledger does not answer.
        """
        tally: Counter[DeliveryStatus] = Counter()
        while time.monotonic() + _LEAST_S < self.stop_at and not self.abandoned:
            lease_s = _LEASE_S + 2 * self.receiver.timeout_s
            taken = self.ledger.take_due(holder=self.holder, lease_s=lease_s, limit=_AT_ONCE)
            if not taken:
                break
            batch = self._send_all(taken)
            tally.update(batch)
            if not batch[DeliveryStatus.DELIVERED]:  # it is in trouble: the rest can wait
                break
        return tally

    def _send_all(self, taken: list[Delivery]) -> Counter[DeliveryStatus]:
        """Each in a thread of its own; they end by their deadline, and never keep the process alive."""
        ended: list[DeliveryStatus] = []
        threads = [threading.Thread(target=self._send, args=(one, ended), daemon=True) for one in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Counter(ended)

    def _send(self, delivery: Delivery, ended: list[DeliveryStatus]) -> None:
        with (
            about(run=delivery.run_id),
            suppress(ReelmillError),
        ):  # the ledger is away: the lease lapses, and it is sent again
            body = message(self.ledger, delivery)
            timeout_s = min(self.receiver.timeout_s, self.stop_at - time.monotonic())
            answer = post(self.receiver, delivery.delivery_id, body, tls=self.tls, timeout_s=timeout_s)
            if not self.abandoned:
                ended.append(self._record(delivery, answer))

    def _record(self, delivery: Delivery, answer: Answer) -> DeliveryStatus:
        one, settings = delivery.delivery_id, self.settings
        if answer.status is None and time.monotonic() >= self.stop_at:  # we cut it short: that says nothing of them
            self.ledger.give_back_delivery(one, holder=self.holder)
            return DeliveryStatus.PENDING
        if answer.delivered:
            self.ledger.delivered(one)
            return DeliveryStatus.DELIVERED
        if answer.gone or delivery.tries >= settings.webhook_attempts:
            self.ledger.bury(one, holder=self.holder, error=answer.said)
            _log.warning("Webhook %s (%s) is a dead letter: %s", one, delivery.event, answer.said)
            return DeliveryStatus.DEAD
        longest_s = settings.webhook_wait_max_s
        wait_s = pause_s(
            delivery.tries,
            first_s=settings.webhook_wait_s,
            longest_s=longest_s,
            chance=random.random(),  # noqa: S311 - jitter is no secret
            asked_s=answer.asked_s,
        )
        self.ledger.put_off(one, holder=self.holder, pause_s=wait_s, error=answer.said)
        if answer.holds_back:
            self.ledger.hold_back(min(answer.asked_s, longest_s))
        return DeliveryStatus.PENDING


@contextmanager
def delivering(engine: Engine) -> Iterator[None]:
    """As long as the block runs, send what is due within a second or two; afterwards, for a few seconds more.

    What is left then is sent by the next run, settle or ``reelmill webhooks send``. Nothing that goes wrong here
    reaches the block.
    """
    if not engine.settings.webhook_url:
        yield
        return
    try:
        sender = Sender.open(engine.ledger, engine.settings, engine.owner)
    except FixConfiguration as error:
        _log.warning("Nobody is told: %s", error)
        yield
        return
    closing = threading.Event()
    thread = threading.Thread(target=_keep_sending, args=(sender, closing), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        grace_s = _HURRIED_S if engine.stop.leaving else _GRACE_S
        sender.stop_at = time.monotonic() + grace_s
        closing.set()
        thread.join(grace_s)
        sender.abandoned = thread.is_alive()


def _keep_sending(sender: Sender, closing: threading.Event) -> None:
    pause_s = _LOOK_S
    last = False
    while not last:
        last = closing.wait(pause_s)
        try:
            tally = sender.send_due()
        except ReelmillError as error:
            _log.debug("Webhooks wait: %s", error)
            tally = Counter({DeliveryStatus.PENDING: 1})
        trouble = tally and not tally[DeliveryStatus.DELIVERED]
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S) if trouble else _LOOK_S
