"""Work that keeps its lease while it lasts."""

import time
from itertools import count

import pytest

from reelmill.errors import LookFirst, TryLater
from reelmill.production.signs_of_life import with_signs_of_life
from reelmill.production.threads import Threads

LEASE_S = 0.15


async def test_work_is_not_thrown_away_for_a_sign_that_the_ledger_did_not_take():
    asked, signs = [], count(1)

    def paid():
        asked.append(1)
        time.sleep(3 * LEASE_S)
        return "an answer"

    def renew():
        if next(signs) == 1:
            raise TryLater("The database does not answer.", "Run the same command again.")

    with Threads() as threads:
        assert await with_signs_of_life(threads.judge(paid), threads, renew, lease_s=LEASE_S) == "an answer"
    assert asked == [1]
    assert next(signs) > 2, "it goes on to show life"


async def test_what_the_work_itself_says_is_raised():
    def refuses():
        raise LookFirst("It was settled by another.", "Run `reelmill status`.")

    with Threads() as threads, pytest.raises(LookFirst, match="by another"):
        await with_signs_of_life(threads.media(refuses), threads, lambda: None, lease_s=LEASE_S)
