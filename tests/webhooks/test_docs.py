"""The receiver's code in docs/webhooks.md does what it says."""

import re
import time
from pathlib import Path

from reelmill.webhooks.signature import parse_secrets, signed_headers
from tests.support.webhook_receiver import OTHER_SECRET, SECRET

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
BODY = b'{"type":"test"}'


def test_the_ten_lines_verify_what_we_sign_and_nothing_else():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    page: dict = {}
    exec(code, page)  # our own page
    verified, now = page["verified"], int(time.time())

    both = signed_headers(parse_secrets(f"{SECRET} {OTHER_SECRET}"), "msg_1", now, BODY)
    assert verified(both, BODY, SECRET)
    assert verified(both, BODY, OTHER_SECRET)
    one = signed_headers(parse_secrets(SECRET), "msg_1", now, BODY)
    assert not verified(one, BODY, OTHER_SECRET)
    assert not verified(one, BODY + b" ", SECRET)
    assert not verified(one | {"webhook-id": "msg_2"}, BODY, SECRET)
    assert not verified(signed_headers(parse_secrets(SECRET), "msg_1", now - 400, BODY), BODY, SECRET)
