"""`minictl ...` and `python -m minictl ...`."""

from __future__ import annotations

import sys

from minictl.cli import main as run


def main() -> None:
    """Runs the command line and exits with its status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
