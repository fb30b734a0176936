"""The benchmarks run, and compare a run with an earlier one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import MEASURES, main


def test_a_measure_prints_its_figures_and_their_ratio_to_an_earlier_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, now = tmp_path / "earlier.json", tmp_path / "now.json"
    earlier.write_text(json.dumps({"endpoints-10 ms (p50)": [1e9]}))
    monkeypatch.setitem(MEASURES, "endpoints-10", _two_rounds_of([30.0, 10.0]))
    monkeypatch.setattr(
        sys, "argv", ["benchmarks", "endpoints-10", "--rounds", "2", "--json", str(now), "--compare", str(earlier)]
    )
    assert main() == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split() == ["endpoints-10", "ms", "(p50)", "20.00", "(10.00", "..", "30.00)", "x0.00"]
    assert json.loads(now.read_text()) == {"endpoints-10 ms (p50)": [30.0, 10.0]}


def _two_rounds_of(values: list[float]):
    left = iter(values)

    async def measure(server: object) -> dict[str, float]:
        return {"ms (p50)": next(left)}

    return measure


def test_a_real_measure_of_a_real_server() -> None:
    command = [sys.executable, "-m", "benchmarks", "--rounds", "1", "start"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "s to ready" in done.stdout


def test_a_name_that_is_none_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "nope"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no such measure: nope" in done.stderr
