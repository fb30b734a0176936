"""Changing an entry of a kubeconfig by flags of the same names as its fields."""

from __future__ import annotations

import os

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.kubeconfig import Kubeconfig

    Object = dict[str, Any]

BOOLEANS = ("insecure-skip-tls-verify", "disable-compression")
EMBEDDABLE = ("certificate-authority", "client-certificate", "client-key")


def change(
    config: Kubeconfig,
    section: str,
    name: str,
    flags: Flags,
    keys: tuple[str, ...],
    also: Callable[[Object], Object] = lambda entry: entry,
) -> bool:
    """Sets what was given on the command line, then what `also` makes of the entry; was it there before?

    Raises:
        CommandError: a file cannot be read or written.
    """
    entries = config.entries(section)
    value = dict(entries.get(name, {}))
    for key in keys:
        if not flags.given(key):
            continue
        given: Any = flags.on(key) if key in BOOLEANS else flags.text(key)
        value.pop(key, None)
        value.pop(f"{key}-data", None)
        if given and key in EMBEDDABLE and flags.has("embed-certs") and flags.on("embed-certs"):
            value[f"{key}-data"] = _embedded(key, given)
        elif given and key in EMBEDDABLE:
            value[key] = os.path.abspath(given)
        elif given:
            value[key] = given
    config.set_entry(section, name, also(value))
    config.save()
    return name in entries


def need_file(key: str, path: str) -> None:
    """Refuses to embed what is not there.

    Raises:
        CommandError: no file is named, or there is none of that name.
    """
    if not path:
        raise CommandError(f"you must specify a --{key} to embed")
    if not os.path.exists(path):
        raise CommandError(f"could not stat {key} file {path}: stat {path}: no such file or directory")


def _embedded(key: str, path: str) -> str:
    import base64

    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()
    except OSError as error:
        raise CommandError(
            f"could not read {key} data from {path}: open {path}: {(error.strerror or '').lower()}"
        ) from None
