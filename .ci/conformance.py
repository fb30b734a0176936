"""Replay recordings of real Kubernetes against a fresh server, and compare the counts with .ci/floors.json.

The recordings are not part of the project: they are looked for in ../shared/conformance, and where they are missing
this says so and succeeds. A count below its floor fails; a count above it asks for the floor to be raised.

usage: conformance.py [NAME...]    NAME: a key of floors.json; all when none is given
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
RECORDINGS = ROOT.parent / "shared" / "conformance"
MINICTL = ROOT / ".venv" / "bin" / "minictl"
FLOORS = Path(__file__).with_name("floors.json")
SECONDS = 1500
PATIENCE_SECONDS = ("3", "20")
"""How long a reading step may take to agree: at first, and where a check fell below its floor, the second time. What
differs for good is hardly waited for; what is only slow, on a machine with other things to do, gets its time."""


def replay(area: str, client: list[str], kubeconfig: Path, patience: str) -> list[str]:
    command = [sys.executable, str(RECORDINGS / "replay.py"), "--kubeconfig", str(kubeconfig), "--patience", patience]
    return [*command, *client, "--jobs", "2", "--show", "8", str(RECORDINGS / "transcripts" / area)]


def commands(name: str, kubeconfig: Path, patience: str) -> list[str]:
    """The command line of a check, by its name in floors.json: `services minictl`, `services kubectl`, `damaged`."""
    if name.startswith("damaged"):
        files = sorted(str(f) for f in (RECORDINGS / "validation").glob("*.jsonl"))
        return [sys.executable, str(RECORDINGS / "damaged.py"), "--kubeconfig", str(kubeconfig), "--show", "4", *files]
    area, client = name.split()
    if client == "kubectl":
        older = RECORDINGS / "transcripts-kubectl-1.32"
        return replay(area, ["--prefer", str(older), "--client", str(shutil.which("kubectl"))], kubeconfig, patience)
    return replay(area, ["--client", str(MINICTL)], kubeconfig, patience)


def counts(name: str, output: str) -> dict[str, int]:
    """What a check measured, from its last lines."""
    if name.startswith("damaged"):
        found = re.search(r"damaged manifests (\d+)/\d+ \(same code (\d+)/\d+\)", output)
        return {"equal": int(found[1]), "same code": int(found[2])} if found else {}
    found = re.search(r"transcripts (\d+)/\d+  steps (\d+)/\d+", output)
    return {"transcripts": int(found[1]), "steps": int(found[2])} if found else {}


def check(name: str, floors: dict[str, int], kubeconfig: Path) -> bool:
    """Run one check, say how its counts stand to their floors, and whether none is below."""
    for patience in PATIENCE_SECONDS:
        done = subprocess.run(
            commands(name, kubeconfig, patience), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        print(done.stdout[-6000:], done.stderr[-2000:], flush=True)
        found = counts(name, done.stdout)
        for what, floor in floors.items():
            got = found.get(what, -1)
            verdict = "below the floor" if got < floor else "raise the floor" if got > floor else "as expected"
            print(f"{name}: {what} {got}, floor {floor}: {verdict}", flush=True)
        if all(found.get(what, -1) >= floor for what, floor in floors.items()):
            return True
    return False


def main() -> int:
    floors: dict[str, dict[str, int]] = json.loads(FLOORS.read_text())
    if not RECORDINGS.exists():
        print(f"no recordings at {RECORDINGS}: nothing to compare with")
        return 0
    failed = []
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        subprocess.run([MINICTL, "up"], check=True, timeout=60)
        kubeconfig = Path(state) / "minictl" / "default" / "kubeconfig"
        try:
            for name in sys.argv[1:] or floors:
                if name.endswith("kubectl") and shutil.which("kubectl") is None:
                    print(f"{name}: skipped, there is no kubectl on this machine")
                elif not check(name, floors[name], kubeconfig):
                    failed.append(name)
        finally:
            subprocess.run([MINICTL, "down"], check=False, timeout=60)
    if failed:
        print(f"below the floor: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
