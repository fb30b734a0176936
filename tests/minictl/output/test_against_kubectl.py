"""JSONPath, Go templates, YAML and JSON against kubectl itself: random expressions about one object.

What kubectl 1.32 said to a few hundred of them stands in kubectl-answers.jsonl, so that they are checked everywhere
(`python -m tests.minictl.output.test_against_kubectl` asks it anew). Where there is a kubectl it is asked a few more;
MINICTL_SEEDS=1000 asks it that many of each form.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from minictl.errors import CommandError, go_quote
from minictl.output import jsonpath, structured, template
from tests.minictl.output.expressions import OBJECT, Expressions, document

KUBECTL = shutil.which("kubectl")
RECORDED = Path(__file__).parent / "kubectl-answers.jsonl"
RECORDED_SEEDS = 350
LIVE_SEEDS = int(os.environ.get("MINICTL_SEEDS", "4"))
FORMS = ("jsonpath", "jsonpath-as-json", "go-template")
COUNTS = re.compile(r"range can't iterate over -?\d+\b")
"""Ranges over numbers came with a later Go than that of kubectl 1.32; 1.36 has them."""

Answer = tuple[str, str]


def expression(form: str, seed: int) -> str:
    return Expressions(seed).template() if form == "go-template" else Expressions(seed).jsonpath()


def ours(form: str, text: str) -> Answer:
    """What minictl writes to stdout and stderr."""
    made = template.printer if form == "go-template" else jsonpath.printer
    try:
        return made(form, text, True)(OBJECT), ""
    except CommandError as error:
        return error.printed, error.sentence().rstrip("\n")


def kubectl(form: str, text: str, file: Path) -> Answer | None:
    """What kubectl writes; None where it dies of it, or where a later one would say something else."""
    done = subprocess.run(
        [str(KUBECTL), "label", "--local", "-f", str(file), "-o", f"{form}={text}" if text else form, "z=y"],
        env={"HOME": str(file.parent)}, capture_output=True, encoding="utf-8", errors="surrogateescape", timeout=60,
        check=False,
    )  # fmt: skip
    if "goroutine" in done.stderr or COUNTS.search(done.stderr):
        return None
    return done.stdout, done.stderr.rstrip("\n")


def essence(text: str, answer: Answer) -> Answer:
    """Without the debugging that repeats the expression and the object."""
    out, err = answer
    shown, failed, _ = out.partition("Error executing template")
    err = err.partition(". Printing more information")[0]
    for quoted in (go_quote(text), text):
        err = err.replace(quoted, "EXPRESSION", 1)
    return shown + ("!" if failed else ""), err


def ask(form: str, seeds: range) -> list[tuple[str, Answer]]:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as threads:
        file = Path(folder) / "object.json"
        file.write_text(json.dumps(OBJECT))
        texts = [expression(form, seed) for seed in seeds]
        answers = list(threads.map(lambda text: kubectl(form, text, file), texts))
    return [(text, answer) for text, answer in zip(texts, answers, strict=True) if answer is not None]


@pytest.mark.parametrize("form", FORMS)
def test_what_kubectl_said(form: str) -> None:
    records = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    mine = [record for record in records if record["form"] == form]
    assert len(mine) > RECORDED_SEEDS // 3
    wrong = []
    for record in mine:
        text = record["expression"]
        got = essence(text, ours(form, text))
        if got != (record["out"], record["err"]):
            wrong.append((text, record["out"], record["err"], *got))
    assert not wrong, f"{len(wrong)} of {len(mine)}: {wrong[:3]}"


needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")


@needs_kubectl
@pytest.mark.parametrize("form", FORMS)
def test_what_kubectl_says(form: str) -> None:
    wrong = [
        (text, answer, ours(form, text))
        for text, answer in ask(form, range(RECORDED_SEEDS, RECORDED_SEEDS + LIVE_SEEDS))
        if ours(form, text) != answer
    ]
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"


@needs_kubectl
@pytest.mark.parametrize("seed", range(max(1, LIVE_SEEDS // 8)))
def test_documents_as_kubectl_prints_them(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "object.json"
    for object in (document(seed), OBJECT):
        file.write_text(json.dumps(object))
        assert kubectl("json", "", file) == (structured.to_json(object), "")
        assert kubectl("yaml", "", file) == (structured.to_yaml(object), "")


if __name__ == "__main__":
    with RECORDED.open("w") as lines:
        for form in FORMS:
            for text, answer in ask(form, range(RECORDED_SEEDS // (2 if form == "jsonpath-as-json" else 1))):
                out, err = essence(text, answer)
                if "object given to" not in err and len(out + err) < 600:
                    record = {"form": form, "expression": text, "out": out, "err": err}
                    lines.write(json.dumps(record, ensure_ascii=False) + "\n")
