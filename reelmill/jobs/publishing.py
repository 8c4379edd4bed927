"""Publishing what may be shown: each file once for each target, remembered in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reelmill.delivery.cms import CmsPublisher
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.listing import Tally, deliverables
from reelmill.delivery.publishing import Publisher
from reelmill.delivery.still import may_still_leave
from reelmill.errors import FixAccess, FixConfiguration, FixDeliverable, ReelmillError, TryLater
from reelmill.jobs.handing_over import open_terms
from reelmill.jobs.outputs import output_of
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.publications import Publication
from reelmill.settings import Settings
from reelmill.storage.open import open_storage

__all__ = ["Failure", "Published", "open_publisher", "publish_all", "publish_output"]

_CHUNK = 500
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that was not published, and what to do about it."""

    sku: str
    uri: str
    problem: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """The failure as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True)
class Published:
    """What became of the deliverables.

    ``sent`` were uploaded now, ``had`` were there already, for ``known`` a receipt was in the ledger and nobody was
    asked, ``waiting`` would be published (a dry run, or what followed ``stopped``). ``stopped`` is why no further file
    was tried, and ``trouble`` the error; empty if all were. Failures are counted, and the first thousand kept, as are
    the first thousand ``receipts`` of what the target has now.
    """

    target: str
    dry_run: bool = False
    tally: Tally = field(default_factory=Tally)
    sent: int = 0
    had: int = 0
    known: int = 0
    waiting: int = 0
    failed: int = 0
    sent_bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    receipts: list[Publication] = field(default_factory=list)
    stopped: str = ""
    trouble: ReelmillError | None = field(default=None, compare=False)
    output: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "output": self.output,
            "target": self.target,
            "dry_run": self.dry_run,
            "listed": self.tally.to_dict(),
            "sent": self.sent,
            "had": self.had,
            "known": self.known,
            "waiting": self.waiting,
            "failed": self.failed,
            "sent_bytes": self.sent_bytes,
            "failures": [one.to_dict() for one in self.failures],
            "stopped": self.stopped,
        }


def open_publisher(root: str, settings: Settings) -> CmsPublisher:
    """The CMS of the settings, fed from the storage of an output. Raises FixConfiguration if there is none."""
    return CmsPublisher.from_settings(open_storage(root, settings), settings)


def publish_all(
    ledger: Ledger,
    settings: Settings,
    root: str,
    publisher: Publisher,
    *,
    run_id: str | None = None,
    dry_run: bool = False,
) -> Published:
    """Publish everything of an output (or of one run) that may be shown and that the target has no receipt for.

    Uploads may take hours, so each file is asked about again just before its own; one that may not leave any more is
    counted as withheld. A file that cannot pass is listed, and the rest goes on; a target that does not answer or
    refuses us stops it. Nothing is taken away anywhere: what the public must not see any more, the manifests say.
    """
    done, terms = Published(publisher.target, dry_run, output=root), open_terms(ledger, settings)
    found = deliverables(
        ledger,
        root,
        terms=terms,
        catalog=settings.catalog or root,
        run_id=run_id,
        tally=done.tally,
    )
    withheld: set[str] = set()
    for one in _unpublished(ledger, found, done):
        if dry_run or done.stopped:
            done.waiting += 1
        elif may_still_leave(ledger, root, terms, one):
            _publish(ledger, publisher, one, done)
        else:
            withheld.add(one.film or one.intent_id)
            done.tally.deliverables -= 1
    done.tally.withheld += len(withheld)  # clips and films, as among those that were not listed
    return done


def publish_output(
    ledger: Ledger, settings: Settings, *, output: str = "", run_id: str = "", dry_run: bool = False
) -> Published:
    """Publish to the CMS of the settings: a run's, or those of an output (that of the settings or the latest run).

    Raises FixConfiguration for a run or output that the ledger does not know, or without a CMS.
    """
    root = output_of(run_id, output, settings, ledger)
    with open_publisher(root, settings) as publisher:
        return publish_all(ledger, settings, root, publisher, run_id=run_id or None, dry_run=dry_run)


def _unpublished(ledger: Ledger, found: Iterator[Deliverable], done: Published) -> Iterator[Deliverable]:
    for chunk in chunks(found, _CHUNK):
        receipts = ledger.published(done.target, {one.intent_id for one in chunk})
        there = {(one.intent_id, one.platform, one.uri) for one in receipts}
        for one in chunk:
            if one.retired:
                continue
            if (one.intent_id, one.platform, one.uri) in there:
                done.known += 1
            else:
                yield one


def _publish(ledger: Ledger, publisher: Publisher, one: Deliverable, done: Published) -> None:
    try:
        receipt = publisher.publish(one)
    except FixDeliverable as error:
        done.failed += 1
        if len(done.failures) < _KEPT:
            done.failures.append(Failure(one.sku, one.uri, error.problem, error.remedy))
        return
    except (TryLater, FixAccess, FixConfiguration) as error:
        done.stopped, done.trouble = str(error), error
        done.waiting += 1
        return
    publication = Publication(
        target=done.target,
        intent_id=one.intent_id,
        platform=one.platform,
        uri=one.uri,
        sha256=receipt.sha256,
        size=receipt.size,
        address=receipt.address,
    )
    ledger.remember_publication(publication)
    if len(done.receipts) < _KEPT:
        done.receipts.append(publication)
    done.sent += receipt.sent > 0
    done.had += receipt.sent == 0
    done.sent_bytes += receipt.sent
