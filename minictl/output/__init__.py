"""Printers, chosen by -o. A printer takes an object (or a List) and gives its text.

object_printer(flags) serves every command that prints objects; tables (no -o, or -o wide) are `get`'s own business, see
table.py.
"""

from __future__ import annotations

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags

    Object = dict[str, Any]
    Printer = Callable[[Object], str]

GET_FORMATS = (
    "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,"
    "name,template,templatefile,wide,yaml"
)
WRITE_FORMATS = (
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml"
)
TEMPLATES = ("go-template", "go-template-file", "template", "templatefile")
JSONPATHS = ("jsonpath", "jsonpath-file", "jsonpath-as-json")


def split_format(flags: Flags) -> tuple[str, str]:
    """(format, its argument) of -o and --template; `-o jsonpath={.x}` is ("jsonpath", "{.x}")."""
    chosen = flags.text("output")
    template = flags.text("template") if flags.has("template") else ""
    if template and not flags.given("output"):
        return "go-template", template
    for name in (*TEMPLATES, *JSONPATHS, "custom-columns", "custom-columns-file"):
        if chosen.startswith(f"{name}="):
            return name, chosen[len(name) + 1 :]
    return chosen, template


def object_printer(flags: Flags, allowed: str = WRITE_FORMATS) -> Printer:
    """The printer that -o asks for.

    Raises:
        CommandError: there is no such format, or its template is wrong or missing.
    """
    name, argument = split_format(flags)
    keep = flags.has("show-managed-fields") and flags.on("show-managed-fields")
    if name in JSONPATHS:
        from minictl.output import jsonpath

        return jsonpath.printer(name, argument, _lenient(flags))
    if name in TEMPLATES:
        from minictl.output import template

        return template.printer(name, argument, _lenient(flags))
    if name in ("json", "yaml", "kyaml"):
        return _Documents(name, keep)
    raise CommandError(
        f'unable to match a printer suitable for the output format "{flags.text("output")}", '
        f"allowed formats are: {allowed}"
    )


def _lenient(flags: Flags) -> bool:
    return not flags.has("allow-missing-template-keys") or flags.on("allow-missing-template-keys")


class _Documents:
    """JSON or YAML, one object after the other; YAML documents are separated by `---`."""

    def __init__(self, form: str, keep_managed_fields: bool) -> None:
        self._form = form
        self._keep = keep_managed_fields
        self._count = 0

    def __call__(self, object: Object) -> str:
        from minictl.output import structured

        if not self._keep:
            object = without_managed_fields(object)
        self._count += 1
        if self._form == "json":
            return structured.to_json(object)
        if self._form == "kyaml":
            return structured.to_kyaml(object)
        return ("---\n" if self._count > 1 else "") + structured.to_yaml(object)


def without_managed_fields(object: Object) -> Object:
    """The object, or List of objects, without metadata.managedFields; the one given is left alone."""
    if isinstance(object.get("items"), list):
        object = {**object, "items": [without_managed_fields(i) if isinstance(i, dict) else i for i in object["items"]]}
    metadata = object.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        object = {**object, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}
    return object
