"""auth can-i and auth whoami: the server says what you may do and who you are."""

from __future__ import annotations

from minictl import output
from minictl.errors import CommandError, NoSuchType, Silent
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import table
from minictl.texts import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

AUTHORIZATION = "authorization.k8s.io/v1"
AUTHENTICATION = "authentication.k8s.io/v1"
NEED_TWO = "you must specify two arguments: verb resource or verb resource/resourceName."
RESOURCE_VERBS = frozenset((
    "*", "get", "list", "create", "update", "patch", "watch", "proxy", "delete", "deletecollection", "use", "bind",
    "impersonate", "escalate", "approve", "sign", "attest",
))  # fmt: skip
URL_VERBS = frozenset(("get", "put", "post", "head", "options", "delete", "patch", "*"))


def can_i(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints yes or no; no is exit status 1."""
    if flags.on("list"):
        return _list_rules(session, flags, args)
    if len(args) != 2:
        raise CommandError(f"{NEED_TWO}\nSee 'kubectl {session.path} -h' for help and examples.")
    spec = _attributes(session, flags, *args)
    if flags.on("no-headers"):
        raise CommandError("--no-headers cannot be set without --list specified")
    review = {"apiVersion": AUTHORIZATION, "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = session.client.create(f"/apis/{AUTHORIZATION}/selfsubjectaccessreviews", review)
    status = answer.get("status") or {}
    text = "yes" if status.get("allowed") else "no"
    if not status.get("allowed"):
        text += f" - {status['reason']}" if status.get("reason") else ""
        text += f" - {status['evaluationError']}" if status.get("evaluationError") else ""
    if not flags.on("quiet"):
        session.say(text)
    if not status.get("allowed"):
        raise Silent(1)
    return None


def _attributes(session: Session, flags: Flags, verb: str, what: str) -> Object:
    if what.startswith("/"):
        if flags.text("subresource"):
            raise CommandError("--subresource can not be used with NonResourceURL")
        _warn_of_verb(session, verb, URL_VERBS)
        return {"nonResourceAttributes": {"path": what, "verb": verb}}
    word, _, name = what.partition("/")
    attributes: Object = {"verb": verb, "resource": word}
    everywhere = flags.on("all-namespaces")
    if not everywhere:
        attributes["namespace"] = session.namespace
    if word != "*":
        try:
            resource = session.resources.find(word)
        except NoSuchType as error:
            session.note(f"Warning: {error.message}\n".replace('"', "'"))
        else:
            attributes.update({"group": resource.group, "resource": resource.plural, "version": resource.version})
            if not resource.namespaced and not everywhere:
                session.note(f"Warning: resource '{resource.plural}' is not namespace scoped{_in(resource.group)}\n")
    if not everywhere:
        _warn_of_verb(session, verb, RESOURCE_VERBS)
    attributes.update({k: v for k, v in {"name": name, "subresource": flags.text("subresource")}.items() if v})
    return {"resourceAttributes": {key: value for key, value in attributes.items() if value}}


def _in(group: str) -> str:
    return f" in group '{group}'" if group else ""


def _warn_of_verb(session: Session, verb: str, known: frozenset[str]) -> None:
    if verb not in known:
        session.note(f"Warning: verb '{verb}' is not a known verb\n")


def _list_rules(session: Session, flags: Flags, args: list[str]) -> None:
    if args:
        raise CommandError("list option must be specified with no arguments")
    if flags.on("quiet") or flags.on("all-namespaces") or flags.text("subresource"):
        raise CommandError("list option can't be specified with neither quiet, all-namespaces nor subresource options")
    spec = {"namespace": session.namespace}
    review = {"apiVersion": AUTHORIZATION, "kind": "SelfSubjectRulesReview", "spec": spec}
    answer = session.client.create(f"/apis/{AUTHORIZATION}/selfsubjectrulesreviews", review)
    status = answer.get("status") or {}
    if status.get("incomplete"):
        session.note(f"warning: the list may be incomplete: {status.get('evaluationError', '')}")
    writer = table.Writer(session.out.write)
    if not flags.on("no-headers"):
        writer.row(rules.HEAD)
    for row in rules.rows([*(status.get("resourceRules") or ()), *(status.get("nonResourceRules") or ())]):
        writer.row(row)
    writer.flush()


def whoami(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints name, groups and what else the server knows of the user."""
    printer = output.object_printer(flags) if flags.text("output") else None
    review = {"apiVersion": AUTHENTICATION, "kind": "SelfSubjectReview"}
    answer = session.client.create(f"/apis/{AUTHENTICATION}/selfsubjectreviews", review)
    if printer is not None:
        session.out.write(printer(answer))
        return
    user = (answer.get("status") or {}).get("userInfo") or {}
    writer = table.Writer(session.out.write)
    writer.row(["ATTRIBUTE", "VALUE"])
    if user.get("username"):
        writer.row(["Username", user["username"]])
    if user.get("uid"):
        writer.row(["UID", user["uid"]])
    if user.get("groups"):
        writer.row(["Groups", rules.brackets(user["groups"])])
    for key, values in sorted((user.get("extra") or {}).items()):
        writer.row([f"Extra: {key}", rules.brackets(values)])
    writer.flush()


CAN_I_FLAGS = (
    options.ALL_NAMESPACES,
    Flag("quiet", "bool", "q", help="print nothing: the exit status says it"),
    Flag("subresource", help="a subresource, such as log or status"),
    Flag("list", "bool", help="list everything that is allowed"),
    Flag("no-headers", "bool", help="leave out the header line of --list"),
)
commands = {
    "can-i": Command("auth can-i", can_i, usage="auth can-i VERB (TYPE | TYPE/NAME | PATH)", flags=CAN_I_FLAGS),
    "whoami": Command("auth whoami", whoami, usage="auth whoami [-o FORMAT]", flags=options.OUTPUT),
}
_HERE = "minictl.commands.auth"
command = Command(
    "auth",
    usage="auth COMMAND",
    children={
        "can-i": (_HERE, "Say whether you may do something"),
        "reconcile": ("minictl.commands.auth_reconcile", "Make roles and bindings allow what manifests say"),
        "whoami": (_HERE, "Say who you are"),
    },
)
