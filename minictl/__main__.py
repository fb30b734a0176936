"""`minictl ...` and `python -m minictl ...`."""

from __future__ import annotations

import sys

from minictl.cli import main as run


def main() -> None:
    """Runs the command line and exits with its status. A template may decode bytes that are no text: out they go."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")
    sys.exit(run())


if __name__ == "__main__":
    main()
