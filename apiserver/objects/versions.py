"""Versions of APIs, and which of them is to be preferred."""

from __future__ import annotations

from itertools import groupby


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts v2 < v1 < v1beta2 < v1beta1 < v1alpha1 < anything else."""
    digits = [(is_digit, "".join(run)) for is_digit, run in groupby(version.removeprefix("v"), str.isdigit)]
    numbers = [int(run) for is_digit, run in digits if is_digit]
    words = [run for is_digit, run in digits if not is_digit]
    stability = {(): 0, ("beta",): 1, ("alpha",): 2}.get(tuple(words))
    if not version.startswith("v") or not numbers or stability is None or (words and len(numbers) != 2):
        return 3, 0, 0, version
    return stability, -numbers[0], -numbers[-1], ""
