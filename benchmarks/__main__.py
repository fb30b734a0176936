"""Run measures, print the medians of their rounds, and compare them with an earlier run.

usage: python -m benchmarks [NAME...] [--rounds N] [--json FILE] [--compare FILE]

Rates need wrk (a Debian package); the figures of machines that differ are worth comparing only as ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from pathlib import Path
from statistics import median

from benchmarks.measures import MEASURES, Unmeasurable
from benchmarks.server import Server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write every round's figures there")
    parser.add_argument("--compare", type=Path, help="a file of an earlier --json: print ratios to it")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in MEASURES]
    if unknown:
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    before = json.loads(chosen.compare.read_text()) if chosen.compare else {}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {chosen.rounds} rounds")
    figures: dict[str, list[float]] = {}
    for name in chosen.names or MEASURES:
        try:
            found = _rounds(name, chosen.rounds)
        except Unmeasurable as reason:
            print(f"{name:16s} skipped: {reason}", flush=True)
            continue
        for what, values in found.items():
            figures[f"{name} {what}"] = values
            print(_line(name, what, values, before.get(f"{name} {what}")), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _rounds(name: str, rounds: int) -> dict[str, list[float]]:
    """Every figure's values, each round against a new server."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        with Server() as server:
            for what, value in asyncio.run(_awaited(name, server)).items():
                found.setdefault(what, []).append(value)
    return found


async def _awaited(name: str, server: Server) -> dict[str, float]:
    return await MEASURES[name](server)


def _line(name: str, what: str, values: list[float], before: list[float] | None) -> str:
    line = f"{name:16s} {what:24s} {median(values):12,.2f}  ({min(values):,.2f} .. {max(values):,.2f})"
    return f"{line}  x{median(values) / median(before):.2f}" if before else line


if __name__ == "__main__":
    sys.exit(main())
