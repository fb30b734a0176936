"""kubectl and minictl say the same about one server that has objects of every kind in many states.

oracle/forms.txt lists the commands, oracle/*.yaml the objects. A few dozen of the commands are run each time, all of
them with MINICTL_SEEDS set. Where kubectl 1.36 differs from the 1.32 that is asked here, DIFFERENCES says how.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server import Server

KUBECTL = shutil.which("kubectl")
FOLDER = Path(__file__).parent / "oracle"
FORMS = [line for line in (FOLDER / "forms.txt").read_text().splitlines() if line and not line.startswith("#")]
STRIDE = 1 if "MINICTL_SEEDS" in os.environ else 20
CHOSEN = FORMS[::STRIDE]
SETTLED_SECONDS = 30
AGE = re.compile(r"(?<![\w.</-])(?:(\d+y)?(\d+d)?(\d+h)?(\d+m)?\d+s|\d+y\d+d|\d+d\d+h|\d+d|\d+h\d*m?|\d+m)(?![\w.-])")
DIFFERENCES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?:ConfigMap)?Optional: +(?:<nil>|false)", "Optional: false"),
        (r"(?:SecretOptionalName: +0x\w+|Optional: +true)", "Optional: true"),
        (r"^ *(?:Kube-Proxy Version|Mountable secrets|Tokens|Time Zone|AppProtocol): .*\n", ""),
        (r"^  +(?=\S+ \(not found\)$)", ""),
        (r" \(not found\)$", ""),
        (r"(\d+/(?:TCP|UDP)) \(\w+\)(?=,|$)", r"\1"),
        (r"jsonpath-file,kyaml,", "jsonpath-file,"),
        (r"spec\.(?:initC|c)ontainers\{[^}]*\}: ", ""),
        (r"^(Name: .*\n)Namespace: .*\n(Selector)", r"\1\2"),
    )
    for pattern in (f"(?m){pattern}",)
]

UNORDERED = re.compile("describe (secret|limit)")
"""kubectl prints their entries in the order of a Go map: any."""

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server whose time stands still once everything has settled: nothing happens between two questions."""
    own = Server(tmp_path_factory.mktemp("state"), "--clock", "manual")
    own.start()
    own.run("apply", "-f", str(FOLDER / "cluster.yaml"))
    for name in ("everything.yaml", "widgets.yaml"):
        own.run("apply", "-n", "everything", "-f", str(FOLDER / name))
    own.run("clock", "advance", f"{SETTLED_SECONDS}s")
    time.sleep(1.1)  # an age below a second may be one second to the next who looks
    yield {**own.environment, "KUBECONFIG": str(own.kubeconfig), "HOME": str(own.folder)}
    own.stop()


def said(client: str, form: str, environment: dict[str, str]) -> tuple[str, str, int]:
    """What a client prints, without what differs from moment to moment and between the versions."""
    done = subprocess.run(
        ["bash", "-c", f"{client} -n everything {form}"],
        env=environment, capture_output=True, text=True, timeout=60, check=False, cwd=FOLDER,
    )  # fmt: skip
    out = plain(done.stdout)
    if UNORDERED.match(form):
        out = "\n".join(sorted(out.split("\n")))
    return out, plain(done.stderr), done.returncode


def plain(text: str) -> str:
    text = AGE.sub("<age>", text)
    for pattern, replacement in DIFFERENCES:
        text = pattern.sub(replacement, text)
    if "<age>" not in text and "Optional" not in text:
        return text
    return re.sub(r" {2,}", "  ", text)


def test_kubectl_and_minictl_say_the_same(environment: dict[str, str]) -> None:
    def ask(form: str) -> list[str]:
        theirs, ours = (said(client, form, environment) for client in (str(KUBECTL), "minictl"))
        if theirs == ours:
            return []
        pairs = zip(theirs[:2], ours[:2], strict=True)
        lines = [
            line for a, b in pairs for line in difflib.unified_diff(a.split("\n"), b.split("\n"), lineterm="", n=0)
        ]
        return [f"$ {form} ({theirs[2]}, {ours[2]})", *lines[:20]]

    with ThreadPoolExecutor(2) as threads:
        wrong = [line for lines in threads.map(ask, CHOSEN) for line in lines]
    assert not wrong, "\n".join(wrong)
