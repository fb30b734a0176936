"""explain: what the fields of a resource type are, from the server's OpenAPI."""

from __future__ import annotations

import textwrap

from minictl.errors import CommandError, NoSuchType, PlainError
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session

    Schema = dict[str, Any]

WIDTH = 76
SHOWN_VALUES = 4
"""So many values of an enumeration are shown in a list of fields."""
NO_DESCRIPTION, EMPTY = "<no description>", "<empty>"
"""What stands for a missing description: in a list of fields, and of what is explained itself."""
NEED_TYPE = (
    "You must specify the type of resource to explain. "
    'Use "kubectl api-resources" for a complete list of supported resources.'
)
FLAGS = (
    Flag("recursive", "bool", "R", help="the fields of the fields, too, by name and type only"),
    Flag("api-version", help="group/version to explain, where there are several"),
    Flag("output", "string", "o", default="plaintext", help="plaintext"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the description and the fields behind a path such as `pods.spec.containers`."""
    if not args:
        raise CommandError(NEED_TYPE)
    if len(args) > 1:
        raise CommandError("We accept only this format: explain RESOURCE")
    if flags.text("output") not in ("plaintext", "plaintext-openapiv2"):
        raise CommandError(f"unrecognized format: {flags.text('output')}")
    resource, path = _resource(session, args[0], flags.text("api-version"))
    document = _document(session, resource)
    schema = _schema_of(document, resource)
    if resource.group:
        session.say(f"GROUP:      {resource.group}")
    session.say(f"KIND:       {resource.kind}\nVERSION:    {resource.version}\n")
    Explanation(session, document).show(schema, path, flags.on("recursive"))


def _resource(session: Session, text: str, api_version: str) -> tuple[Resource, list[str]]:
    """The type at the head of a path (`deploy`, `deployments.v1.apps.spec` has both), and the fields behind it."""
    words = text.rstrip(".").split(".")
    if not api_version:
        for count in range(len(words), 1, -1):  # deployments.apps.spec: the longest head that names a type
            try:
                head = session.resources.find(".".join(words[:count]))
            except NoSuchType:
                continue
            if head.group and ".".join(words[1:count]).endswith(head.group):
                return head, words[count:]
    try:
        resource = session.resources.find(words[0])
    except NoSuchType as error:
        raise PlainError(error.message) from None
    if api_version and resource.api_version != api_version:
        others = [r for r in session.resources.all() if r.plural == resource.plural and r.api_version == api_version]
        if not others:
            raise CommandError(f'couldn\'t find resource for "{api_version}, Resource={resource.plural}"')
        resource = others[0]
    return resource, words[1:]


def _document(session: Session, resource: Resource) -> Schema:
    """The OpenAPI document of the resource's group and version."""
    key = f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
    entry = session.client.get("/openapi/v3")["paths"].get(key)
    if entry is None:
        raise CommandError(f'couldn\'t find resource for "{resource.api_version}, Resource={resource.plural}"')
    path, _, query = entry["serverRelativeURL"].partition("?")
    found: Schema = session.client.get(path, dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair))
    return found


def _schema_of(document: Schema, resource: Resource) -> Schema:
    wanted = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    for schema in document["components"]["schemas"].values():
        if wanted in (schema.get("x-kubernetes-group-version-kind") or []):
            found: Schema = schema
            return found
    raise CommandError(f'couldn\'t find resource for "{resource.api_version}, Resource={resource.plural}"')


class Explanation:
    """Writes about one schema of a document."""

    def __init__(self, session: Session, document: Schema) -> None:
        self._session = session
        self._schemas = document["components"]["schemas"]

    def show(self, schema: Schema, path: list[str], recursive: bool) -> None:
        """The field at the end of the path, or the kind itself.

        Raises:
            CommandError: there is no such field.
        """
        field = schema
        for name in path:
            properties = self._properties(field)
            if name not in properties:
                raise CommandError(f'field "{path[-1]}" does not exist')  # whichever of them it is, as in kubectl
            field = properties[name]
        say = self._session.say
        if path:
            say(f"FIELD: {path[-1]} <{self.type_name(field)}>")
            values = self._enum(field)
            say("\n".join(["ENUM:", *(f"    {value}" for value in values)]) if values else "")
            say("")
        say("DESCRIPTION:")
        target = self._target(field)
        places = [field] if target is field else [field, target]
        texts = [place["description"] for place in places if place.get("description")]
        for text in texts:
            self._text(text)
        say("    " if texts else f"    {EMPTY}")
        if self._properties(field):
            say("FIELDS:")
            self._fields(field, 1, recursive, [])
        say("")

    def _fields(self, schema: Schema, depth: int, recursive: bool, within: list[str]) -> None:
        required = self._target(schema).get("required") or []
        indent = "  " * depth
        for name, field in sorted(self._properties(schema).items()):
            mark = " -required-" if name in required else ""
            self._session.say(f"{indent}{name}\t<{self.type_name(field)}>{mark}")
            values = self._enum(field)
            if values:
                shown = values if len(values) <= SHOWN_VALUES else [*values[:SHOWN_VALUES], "...."]
                self._session.say(f"{indent}enum: {', '.join(shown)}")
            if not recursive:
                self._text(field.get("description") or self._target(field).get("description") or NO_DESCRIPTION)
                self._session.say("")
                continue
            reference = self._reference(field)
            if self._properties(field) and (not reference or reference not in within):
                self._fields(field, depth + 1, recursive, [*within, reference])

    def _enum(self, field: Schema) -> list[str]:
        own = field if field.get("type") == "array" else self._target(field)
        return ['""' if value == "" else str(value) for value in own.get("enum") or []]

    def _text(self, text: str) -> None:
        for paragraph in text.split("\n") if text else []:
            for line in textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]:
                self._session.say(f"    {line}")

    # --- schemas

    def _reference(self, schema: Schema) -> str:
        """The name of the schema that a field's value (or a list's items, or a map's values) is made by."""
        for place in (schema, schema.get("items") or {}, schema.get("additionalProperties") or {}):
            if not isinstance(place, dict):
                continue
            for one in [place, *(place.get("allOf") or [])]:
                if "$ref" in one:
                    return str(one["$ref"]).rpartition("/")[2]
            nested = place.get("items") or place.get("additionalProperties")
            if place is not schema and isinstance(nested, dict):
                return self._reference(place)
        return ""

    def _target(self, schema: Schema) -> Schema:
        """The schema itself, or the one that it, its items or its values refer to."""
        reference = self._reference(schema)
        if reference:
            found: Schema = self._schemas.get(reference) or {}
            return found
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                return self._target(schema[key])
        return schema

    def _properties(self, schema: Schema) -> Schema:
        found: Schema = self._target(schema).get("properties") or {}
        return found

    def type_name(self, field: Schema) -> str:
        """`string`, `[]ContainerPort`, `map[string]Quantity`, `IntOrString`."""
        if field.get("type") == "array":
            return f"[]{self.type_name(field.get('items') or {})}"
        values = field.get("additionalProperties")
        if isinstance(values, dict) and not field.get("properties"):
            return f"map[string]{self.type_name(values)}"
        for one in [field, *(field.get("allOf") or [])]:
            if "$ref" in one:
                simple = self._schemas.get(str(one["$ref"]).rpartition("/")[2], {}).get("type", "object")
                return str(one["$ref"]).rpartition(".")[2] if simple == "object" else str(simple)
        return str(field.get("type") or "object").replace("object", "Object")


command = Command(
    "explain", run, usage="explain TYPE[.FIELD...] [--recursive] [--api-version=GROUP/VERSION]", flags=FLAGS
)
