"""``python -m reelmill``: the command line."""

from reelmill.cli import main

if __name__ == "__main__":
    main()
