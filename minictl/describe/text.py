"""What every description is written with: a page of lines, and how labels, times and values read on it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from minictl.describe.tabs import align

NONE = "<none>"
UNSET = "<unset>"
UNKNOWN = "<unknown>"

# An annotation longer than this, key included, goes on lines of its own and is cut there.
LONG_ANNOTATION = 140
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Page:
    """A description being written; tabs align within what is written between two flushes, or stay as they are."""

    def __init__(self, tabbed: bool = False) -> None:
        self._tabbed = tabbed
        self._open: list[str] = []
        self._done: list[str] = []

    def write(self, text: str, level: int = 0) -> None:
        """Adds `text` as it is, indented by `level` steps of two spaces where it starts."""
        self._open.append("  " * level + text)

    def line(self, text: str, level: int = 0) -> None:
        self.write(text + "\n", level)

    def lines(self, texts: Iterable[str], level: int = 0) -> None:
        for text in texts:
            self.line(text, level)

    def field(self, label: str, value: object, level: int = 0) -> None:
        """One `Label:` and its value in the next column."""
        self.line(f"{label}:\t{value}", level)

    def stack(self, label: str, values: Iterable[str], level: int = 0) -> None:
        """One label and a value per line beside it; `<none>` where there is none."""
        first, *others = list(values) or [NONE]
        self.line(f"{label}:\t{first}", level)
        self.lines((f"\t{other}" for other in others), level)

    def labels(self, label: str, labels: Mapping[str, str] | None) -> None:
        self.stack(label, (f"{key}={value}" for key, value in sorted((labels or {}).items())))

    def annotations(self, label: str, annotations: Mapping[str, str] | None) -> None:
        """Annotations but for the one `kubectl apply` keeps its manifest in."""
        self.stack(label, _annotations(annotations or {}))

    def head(self, meta: Mapping[str, Any], namespaced: bool = True) -> None:
        """Name, namespace, labels and annotations: how most descriptions begin."""
        self.field("Name", meta.get("name", ""))
        if namespaced:
            self.field("Namespace", meta.get("namespace", ""))
        self.labels("Labels", meta.get("labels"))
        self.annotations("Annotations", meta.get("annotations"))

    def flush(self) -> None:
        """Ends the columns: what follows is aligned by itself."""
        text = "".join(self._open)
        self._done.append(text if self._tabbed else align(text))
        self._open = []

    def text(self) -> str:
        """Everything written, with characters that could steer a terminal made harmless."""
        self.flush()
        return "".join(self._done).replace("\x1b", "^[").replace("\r", "\\r")


def _annotations(annotations: Mapping[str, str]) -> Iterable[str]:
    for key, whole in sorted(annotations.items()):
        if key == LAST_APPLIED:
            continue
        value = whole.removesuffix("\n")
        if len(value) + len(key) + 2 <= LONG_ANNOTATION and "\n" not in value:
            yield f"{key}: {value}"
            continue
        yield f"{key}:"
        for part in value.split("\n"):
            cut = part if len(part) <= LONG_ANNOTATION - 2 else part[: LONG_ANNOTATION - 2] + "..."
            yield f"  {cut}"


def moment(stamp: str | None) -> datetime | None:
    """The time a RFC 3339 stamp (with or without microseconds) names; None for none."""
    if not stamp:
        return None
    parsed = datetime.fromisoformat(stamp)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def date(stamp: str | None) -> str:
    """A stamp as in mail headers, in local time; the year 1 stands for a time that was never set."""
    when = moment(stamp)
    if when is None:
        return "Mon, 01 Jan 0001 00:00:00 +0000"
    return when.astimezone().strftime("%a, %d %b %Y %H:%M:%S %z")


def age(stamp: str | None, now: datetime) -> str:
    """How long ago a stamp was, in the two largest units that matter; `<unknown>` where there is none."""
    when = moment(stamp)
    return UNKNOWN if when is None else duration((now - when).total_seconds())


_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def duration(seconds: float) -> str:
    """A span as Kubernetes writes ages: 45s, 2m10s, 59m, 3h5m, 2d4h, 35d, 2y30d, 9y; a little clock skew is 0s."""
    if int(seconds) < -1:
        return "<invalid>"
    whole = max(int(seconds), 0)
    minutes, hours, days, years = whole // _MINUTE, whole // _HOUR, whole // _DAY, whole // _YEAR
    # (below this many seconds, larger unit, its name, smaller unit or 0, its name)
    steps = (
        (2 * _MINUTE, whole, "s", 0, ""),
        (10 * _MINUTE, minutes, "m", whole % _MINUTE, "s"),
        (3 * _HOUR, minutes, "m", 0, ""),
        (8 * _HOUR, hours, "h", minutes % 60, "m"),
        (2 * _DAY, hours, "h", 0, ""),
        (8 * _DAY, days, "d", hours % 24, "h"),
        (2 * _YEAR, days, "d", 0, ""),
        (8 * _YEAR, years, "y", days % 365, "d"),
    )
    for limit, large, large_name, small, small_name in steps:
        if whole < limit:
            return f"{large}{large_name}" + (f"{small}{small_name}" if small else "")
    return f"{years}y"


def joined(values: Iterable[object], separator: str = ",", none: str = NONE) -> str:
    return separator.join(str(value) for value in values) or none


def boolean(value: object) -> str:
    """True or False, capitalised, as descriptions of containers have it."""
    return "True" if value else "False"


def selector(labels: Mapping[str, str] | None) -> str:
    """A map of labels as a selector: a=b,c=d, sorted."""
    return joined(f"{key}={value}" for key, value in sorted((labels or {}).items()))


_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


def label_selector(chosen: Mapping[str, Any] | None) -> str:
    """matchLabels and matchExpressions as one selector text, by key; `<none>` where there are none."""
    if not chosen:
        return NONE
    terms = [(key, f"{key}={value}") for key, value in (chosen.get("matchLabels") or {}).items()]
    for expression in chosen.get("matchExpressions") or ():
        key, values = expression["key"], ",".join(sorted(expression.get("values") or ()))
        terms.append((key, _OPERATORS[expression["operator"]].format(key=key, values=values)))
    return joined(text for _, text in sorted(terms, key=lambda term: term[0]))


def terms(page: Page, those: Iterable[Sequence[Mapping[str, Any]]], level: int) -> None:
    """`Term 0:` and what it asks of a node, expression by expression; `<none>` for nothing."""
    for number, expressions in enumerate(those):
        page.stack(f"Term {number}", (_expression(each) for each in expressions), level)


def _expression(expression: Mapping[str, Any]) -> str:
    text, values = f"{expression.get('key', '')} {expression.get('operator', 'In').lower()}", expression.get("values")
    return f"{text} [{', '.join(values)}]" if values else text


def controller(meta: Mapping[str, Any]) -> str:
    """Kind/name of the owner that manages an object, or nothing."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner['kind']}/{owner['name']}"
    return ""
