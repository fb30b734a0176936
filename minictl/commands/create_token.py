"""create token: asks the server for a token of a ServiceAccount."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

_BOUND = {"Node": "v1", "Pod": "v1", "Secret": "v1"}


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    _check(flags)
    report = session.reporter(flags)
    spec: Object = {"audiences": flags.list("audience")} if flags.list("audience") else {"audiences": None}
    spec["expirationSeconds"] = int(flags.seconds("duration")) or None
    spec["boundObjectRef"] = None
    if flags.text("bound-object-kind"):
        kind = flags.text("bound-object-kind")
        bound = {"kind": kind, "apiVersion": _BOUND[kind], "name": flags.text("bound-object-name")}
        spec["boundObjectRef"] = (
            {**bound, "uid": flags.text("bound-object-uid")} if flags.text("bound-object-uid") else bound
        )
    request = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": spec}
    where = generating.resource("v1", "ServiceAccount", "serviceaccounts")
    try:
        answer = session.client.create(where.path(session.namespace, name, "token"), request)
    except ServerError as error:
        raise CommandError(f"failed to create token: {error.message}") from None
    token = (answer.get("status") or {}).get("token", "")
    if not token:
        raise CommandError("failed to create token: no token in server response")
    if flags.text("output"):
        report(generating.resource("authentication.k8s.io/v1", "TokenRequest", "tokenrequests"), answer, "created")
    else:
        session.out.write(token + ("\n" if session.terminal else ""))


def _check(flags: Flags) -> None:
    kind, name, uid = (flags.text(f"bound-object-{part}") for part in ("kind", "name", "uid"))
    seconds = flags.seconds("duration")
    rules = (
        (seconds < 0, "--duration must be greater than or equal to 0"),
        (seconds != int(seconds), "--duration cannot be expressed in units less than seconds"),
        ("" in flags.list("audience"), "--audience must not be an empty string"),
        (name and not kind, "--bound-object-name can only be set if --bound-object-kind is provided"),
        (uid and not kind, "--bound-object-uid can only be set if --bound-object-kind is provided"),
        (kind and kind not in _BOUND, f"supported --bound-object-kind values are {', '.join(sorted(_BOUND))}"),
        (kind and not name, "--bound-object-name is required if --bound-object-kind is provided"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


command = Command(
    "create token",
    run,
    usage="create token SERVICE_ACCOUNT_NAME",
    flags=(
        Flag("audience", "array", help="who the token is for; may be repeated"),
        Flag("duration", "seconds", help="how long the token is to live"),
        Flag("bound-object-kind", help="kind of the object the token lives and dies with"),
        Flag("bound-object-name", help="name of that object"),
        Flag("bound-object-uid", help="UID of that object"),
        *options.OUTPUT,
    ),
)
