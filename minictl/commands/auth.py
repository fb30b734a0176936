"""auth can-i and auth whoami: the server says what you may do and who you are."""

from __future__ import annotations

from minictl import output
from minictl.errors import CommandError, NoSuchType, Silent, UsageError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

AUTHORIZATION = "authorization.k8s.io/v1"
AUTHENTICATION = "authentication.k8s.io/v1"
NEED_TWO = "you must specify two arguments: verb resource or verb resource/resourceName."


def can_i(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints yes or no; no is exit status 1."""
    if flags.on("list"):
        return _list_rules(session, flags)
    if len(args) != 2:
        raise CommandError(f"{NEED_TWO}\nSee 'kubectl {session.path} -h' for help and examples.")
    spec = _attributes(session, flags, *args)
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
        return {"nonResourceAttributes": {"path": what, "verb": verb}}
    word, _, name = what.partition("/")
    attributes: Object = {"verb": verb, "resource": word}
    if not flags.on("all-namespaces"):
        attributes["namespace"] = session.namespace
    if word != "*":
        try:
            resource = session.resources.find(word)
        except NoSuchType as error:
            session.note(f"Warning: {error.message}\n".replace('"', "'"))
        else:
            attributes.update({"group": resource.group, "resource": resource.plural, "version": resource.version})
            if not resource.namespaced:
                session.note(f"Warning: resource '{resource.plural}' is not namespace scoped{_in(resource.group)}\n")
    attributes.update({k: v for k, v in {"name": name, "subresource": flags.text("subresource")}.items() if v})
    return {"resourceAttributes": {key: value for key, value in attributes.items() if value}}


def _in(group: str) -> str:
    return f" in group '{group}'" if group else ""


def _list_rules(session: Session, flags: Flags) -> None:
    spec = {"namespace": session.namespace}
    review = {"apiVersion": AUTHORIZATION, "kind": "SelfSubjectRulesReview", "spec": spec}
    answer = session.client.create(f"/apis/{AUTHORIZATION}/selfsubjectrulesreviews", review)
    status = answer.get("status") or {}
    writer = table.Writer(session.out.write)
    if not flags.on("no-headers"):
        writer.row(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"])
    for rule in status.get("resourceRules") or []:
        groups = rule.get("apiGroups") or [""]
        resources = rule.get("resources") or []
        names = [f"{r}.{g}" if g and r != "*" else (f"*.{g}" if g else r) for g in groups for r in resources]
        writer.row([",".join(names), "[]", _brackets(rule.get("resourceNames")), _brackets(rule.get("verbs"))])
    for rule in status.get("nonResourceRules") or []:
        writer.row(["", _brackets(rule.get("nonResourceURLs")), "[]", _brackets(rule.get("verbs"))])
    writer.flush()


def _brackets(values: list[str] | None) -> str:
    return f"[{' '.join(values or [])}]"


def whoami(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints name, groups and what else the server knows of the user."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    review = {"apiVersion": AUTHENTICATION, "kind": "SelfSubjectReview"}
    answer = session.client.create(f"/apis/{AUTHENTICATION}/selfsubjectreviews", review)
    if flags.text("output"):
        session.out.write(output.object_printer(flags)(answer))
        return
    user = (answer.get("status") or {}).get("userInfo") or {}
    writer = table.Writer(session.out.write)
    writer.row(["ATTRIBUTE", "VALUE"])
    if user.get("username"):
        writer.row(["Username", user["username"]])
    if user.get("uid"):
        writer.row(["UID", user["uid"]])
    if user.get("groups"):
        writer.row(["Groups", _brackets(user["groups"])])
    for key, values in sorted((user.get("extra") or {}).items()):
        writer.row([f"Extra: {key}", _brackets(values)])
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
    children={"can-i": (_HERE, "Say whether you may do something"), "whoami": (_HERE, "Say who you are")},
)
