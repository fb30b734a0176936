"""References to images: `registry.example.com/team/app:1.2@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

_REGISTRY = "index.docker.io"
_REPOSITORY = re.compile(r"[a-z0-9_.\-/]{2,255}")
_TAG = re.compile(r"[\w.\-]{1,128}")
_DIGEST = re.compile(r"[a-z0-9+._-]+:[0-9a-f]{64}")


class Image(NamedTuple):
    """Where an image is; a digest says more than a tag, which is then forgotten."""

    text: str
    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Image:
        """Raises ValueError."""
        name, at, digest = text.partition("@")
        base, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:
            base, tag = name, ""
        first, slash, rest = base.partition("/")
        has_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
        registry, repository = (first, rest) if has_registry else (_REGISTRY, base)
        if registry == _REGISTRY and "/" not in repository:
            repository = f"library/{repository}"
        ok = _REPOSITORY.fullmatch(repository) and "" not in repository.split("/")
        if (
            not text
            or not base
            or not ok
            or (at and not _DIGEST.fullmatch(digest))
            or (tag and not _TAG.fullmatch(tag))
        ):
            raise ValueError(f"could not parse reference: {text}")
        return cls(text, registry, repository, "" if digest else tag or "latest", digest)

    def __str__(self) -> str:
        return self.text


def _is_image(text: str) -> bool:
    try:
        Image.of(text)
    except ValueError:
        return False
    return True


DECLARED: dict[str, Callable[..., Any] | None] = {
    "image(string) Image": Image.of,
    "isImage(string) bool": _is_image,
    "Image.containsDigest() bool": lambda image: bool(image.digest),
    "Image.registry() string": lambda image: image.registry,
    "Image.repository() string": lambda image: image.repository,
    "Image.identifier() string": lambda image: image.digest or image.tag,
    "Image.tag() string": lambda image: image.tag,
    "Image.digest() string": lambda image: image.digest,
}
