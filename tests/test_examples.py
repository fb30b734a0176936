"""Every tutorial in examples/ runs from start to end, so none can rot; every manifest beside them is used by one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server

EXAMPLES = Path(__file__).parent.parent / "examples"
TUTORIALS = sorted(EXAMPLES.glob("*.sh"))
TUTORIAL_SECONDS = 90


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A cluster that the tutorial starts by itself."""
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs_twice_on_a_cluster_that_it_starts_itself(tutorial: Path, own: Server) -> None:
    for _ in range(2):
        done = subprocess.run(
            ["bash", str(tutorial)],
            env=own.environment, capture_output=True, text=True, timeout=TUTORIAL_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The end." in done.stdout


def test_every_manifest_is_used_by_a_tutorial() -> None:
    told = "".join(path.read_text() for path in TUTORIALS)
    assert [path.name for path in EXAMPLES.glob("*.yaml") if path.name not in told] == []
