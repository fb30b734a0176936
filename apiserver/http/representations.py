"""Records -> the bytes a client asked for: the object itself, YAML, a Table, or its metadata only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from apiserver.errors import BadRequest, NotAcceptable
from apiserver.http.negotiate import PARTIAL, PARTIAL_LIST, TABLE, YAML, Accepted, dump_yaml
from apiserver.kind import Kind, Since
from apiserver.objects import table
from apiserver.objects.validation import invalid
from apiserver.storage import Record

INCLUDE_OBJECT = ("", "Metadata", "Object", "None")
Query = Mapping[str, str]


@lru_cache(maxsize=1024)
def head_of(kind: Kind) -> bytes:
    """How the bytes of every object of the kind begin; lists leave it out."""
    return orjson.dumps({"kind": kind.name, "apiVersion": kind.group_version})[:-1] + b","


def definitions(kind: Kind) -> bytes:
    """The columnDefinitions of the kind's Table, made once."""
    made: bytes | None = kind.memo.get("columns")
    if made is None:
        made = kind.memo["columns"] = _definitions(kind)
    return made


def _definitions(kind: Kind) -> bytes:
    return orjson.dumps(
        [
            {
                "name": c.name,
                "type": c.type,
                "format": c.format,
                "description": c.description or c.name,
                "priority": c.priority,
            }
            for c in kind.columns
        ]
    )


def row_of(kind: Kind, record: Record) -> table.Row:
    """The record's Table row, made once."""
    row: table.Row | None = record.cache.get("row")
    if row is None:
        values = [column.cell(record.object) for column in kind.columns]
        cells = tuple((v.timestamp, v.before, v.after) if isinstance(v, Since) else orjson.dumps(v) for v in values)
        row = record.cache["row"] = table.Row(cells, partial_of(record))
    return row


def partial_of(record: Record) -> bytes:
    """The record's PartialObjectMetadata, made once."""
    partial: bytes | None = record.cache.get("partial")
    if partial is None:
        partial = record.cache["partial"] = table.partial(record.object)
    return partial


def bare(kind: Kind, record: Record) -> bytes:
    """The object without kind and apiVersion, as lists hold it."""
    return b"{" + record.encoded[len(head_of(kind)) :]


def table_row(kind: Kind, record: Record, now: datetime, query: Query) -> bytes:
    """One row, with what `includeObject` asks for. Raises BadRequest when that is unknown."""
    row = row_of(kind, record)
    match included(query):
        case "None":
            return table.render(row, now, b"null")
        case "Object":
            return table.render(row, now, record.encoded)
        case _:
            return table.render(row, now, row.metadata)


def included(query: Query) -> str:
    """The includeObject of a query. Raises BadRequest."""
    include = query.get("includeObject", "")
    if include not in INCLUDE_OBJECT:
        cause = invalid("includeObject", include, "must be 'Metadata', 'Object', 'None', or empty")
        raise BadRequest(f"Unable to convert to Table as requested: {cause}")
    return include


def one(kind: Kind, record: Record, accept: Accepted, now: datetime, query: Query) -> bytes:
    """A single object in the accepted representation."""
    if accept.shape == TABLE:
        version = {"resourceVersion": record.object["metadata"].get("resourceVersion", "")}
        row = table_row(kind, record, now, query)
        return finish(table.framed(row, definitions(kind), orjson.dumps(version)), accept, query)
    if accept.shape == PARTIAL:
        return finish(partial_of(record), accept, query)
    return finish(record.encoded, accept, query)


def many(
    kind: Kind, records: Sequence[Record], metadata: Mapping[str, Any], accept: Accepted, now: datetime, query: Query
) -> bytes:
    """A list in the accepted representation; `metadata` is the ListMeta."""
    return framed(kind, items(kind, records, accept, now, query), metadata, accept, query)


def items(kind: Kind, records: Sequence[Record], accept: Accepted, now: datetime, query: Query) -> bytes:
    """The items of a list (the rows of a Table), joined. Raises BadRequest, NotAcceptable."""
    if accept.shape == TABLE:
        included(query)
        return b",".join([table_row(kind, record, now, query) for record in records])
    if accept.shape == PARTIAL:
        group = "core" if not kind.group else kind.group.partition(".")[0]
        raise NotAcceptable(
            f"you requested {PARTIAL}, but the requested object is a list (*{group}.{kind.list_name})", {}
        )
    if accept.shape == PARTIAL_LIST:
        return b",".join([partial_of(record) for record in records])
    # Each object but for its kind and apiVersion, as lists hold it; the brace goes with the comma before it.
    cut = len(head_of(kind))
    return b"{" + b",{".join([record.encoded[cut:] for record in records]) if records else b""


def framed(kind: Kind, items: bytes, metadata: Mapping[str, Any], accept: Accepted, query: Query) -> bytes:
    """A whole list around its joined items."""
    meta = orjson.dumps(metadata)
    if accept.shape == TABLE:
        return finish(table.framed(items, definitions(kind), meta), accept, query)
    if accept.shape == PARTIAL_LIST:
        head = orjson.dumps({"kind": PARTIAL_LIST, "apiVersion": "meta.k8s.io/v1"})[:-1]
    else:
        head = orjson.dumps({"kind": kind.list_name, "apiVersion": kind.group_version})[:-1]
    return finish(b"".join((head, b',"metadata":', meta, b',"items":[', items, b"]}")), accept, query)


def finish(body: bytes, accept: Accepted, query: Query) -> bytes:
    """JSON bytes in the accepted media type, indented where `pretty` asks for it."""
    if accept.media_type == YAML:
        return dump_yaml(orjson.loads(body))
    if query.get("pretty") in ("1", "true", "True"):
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return body
