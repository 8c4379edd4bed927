"""``python -m reelmill.simulator``."""

from __future__ import annotations

import sys

from reelmill.simulator.app import main

if __name__ == "__main__":
    sys.exit(main())
