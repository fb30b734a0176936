"""Selectors over files, JSON patches, migration to server-side apply, masking, taints and what a drain moves."""

from types import SimpleNamespace
from typing import Any

import pytest

from minictl.commands import drain, set_env, taint
from minictl.errors import CommandError, ServerError
from minictl.grammar import arguments
from minictl.grammar.flags import Flags
from minictl.grammar.selectors import matcher
from minictl.patches import jsonpatch
from minictl.steps import comparing, evicting, migration, writing
from minictl.texts import ages

Object = dict[str, Any]


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("app=web", True),
        ("app==web,tier!=db", True),
        ("app in (web, api),!old", True),
        ("app notin (web)", False),
        ("tier", False),
        ("n>1", True),
        ("n<2", False),
    ],
)
def test_selectors(selector: str, matches: bool) -> None:
    assert matcher(selector)({"app": "web", "n": "2"}) is matches


def test_json_patches() -> None:
    before = {"data": {"a": "1", "x/y": "2"}, "list": [1, 2]}
    operations = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "copy", "from": "/data/a", "path": "/data/b"},
        {"op": "remove", "path": "/data/x~1y"},
        {"op": "add", "path": "/list/-", "value": 3},
        {"op": "move", "from": "/list/0", "path": "/first"},
    ]
    assert jsonpatch.apply(before, operations) == {"data": {"a": "1", "b": "1"}, "list": [2, 3], "first": 1}
    assert before["list"] == [1, 2]
    with pytest.raises(CommandError):
        jsonpatch.apply(before, [{"op": "replace", "path": "/nothere", "value": 1}])


def entry(manager: str, operation: str, fields: Object) -> Object:
    return {"manager": manager, "operation": operation, "fieldsV1": fields}


def test_client_side_fields_pass_to_the_server_side_manager() -> None:
    annotation = {"f:metadata": {"f:annotations": {f"f:{migration.LAST_APPLIED}": {}}}, "f:data": {"f:a": {}}}
    subject = {
        "metadata": {
            "managedFields": [
                entry("kubectl", "Apply", {"f:data": {"f:b": {}}}),
                entry("kubectl-client-side-apply", "Update", annotation),
                entry("other", "Update", {"f:data": {"f:c": {}}}),
            ]
        }
    }
    managers = {one["manager"] for one in migration.owners(subject, "Update")}
    moved = migration.handed_over(subject, managers, "kubectl")
    assert moved is not None
    assert [one["manager"] for one in moved] == ["kubectl", "other"]
    assert moved[0]["fieldsV1"]["f:data"] == {"f:a": {}, "f:b": {}}
    assert migration.handed_over({"metadata": {"managedFields": moved}}, set(), "kubectl") is None


def test_secrets_are_masked_in_a_diff() -> None:
    before, after = comparing.masked(
        {"data": {"same": "1", "gone": "2", "new": "3"}}, {"data": {"same": "1", "new": "4"}}
    )
    assert before["data"] == {"same": "***", "gone": "***", "new": "*** (before)"}
    assert after["data"] == {"same": "***", "new": "*** (after)"}


def node(*taints: Object) -> Object:
    return {"metadata": {"name": "n"}, "spec": {"taints": list(taints)}}


def test_taints() -> None:
    db = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    web = {"key": "dedicated", "value": "web", "effect": "NoSchedule"}
    added, removed = taint.parse(["dedicated=web:NoSchedule", "special-"])
    assert (added, removed) == ([web], [{"key": "special"}])
    assert taint.changed(node(), [db], [], False) == ("tainted", [db])
    assert taint.changed(node(db), [web], [], True) == ("modified", [web])
    assert taint.changed(node(db), [], [{"key": "dedicated"}], False) == ("untainted", [])
    with pytest.raises(CommandError, match=r"already has dedicated taint\(s\) with same effect"):
        taint.changed(node(db), [web], [], False)
    with pytest.raises(CommandError, match='taint "special" not found'):
        taint.changed(node(db), [], removed, False)


@pytest.mark.parametrize("spec", ["novalue:", "a=b:Never", "a=b=c:NoSchedule", "a:b:c", "a=b"])
def test_what_is_no_taint(spec: str) -> None:
    with pytest.raises(CommandError, match=r"^invalid taint"):
        taint.parse([spec])


def test_a_drain_minds_what_no_controller_brings_back() -> None:
    def pod(name: str, owner: str = "", **fields: Any) -> Object:
        owners = [{"apiVersion": "apps/v1", "kind": owner, "name": name, "controller": True}] if owner else []
        return {"metadata": {"namespace": "d", "name": name, "ownerReferences": owners}, **fields}

    class Client:
        def get(self, path: str) -> Object:
            if path.endswith("/daemonsets/lost"):
                raise ServerError({"message": "gone", "reason": "NotFound"})
            return {}

    local = {"volumes": [{"name": "v", "emptyDir": {}}]}
    pods = [
        pod("rs", "ReplicaSet"),
        pod("ds", "DaemonSet"),
        pod("lost", "DaemonSet"),
        pod("bare"),
        pod("local", "ReplicaSet", spec=local),
        pod("done", status={"phase": "Succeeded"}, spec=local),
    ]
    session: Any = SimpleNamespace(client=Client())
    flags = Flags(drain.command.flags)
    found = evicting.sorted_out(session, flags, pods)
    assert [one["metadata"]["name"] for one in found.leaving] == ["rs", "done"]
    assert list(found.faults.values()) == [["d/ds"], ["d/lost"], ["d/bare"], ["d/local"]]
    with pytest.raises(evicting.Faults) as failed:
        found.raise_faults()
    assert failed.value.message == f"[{', '.join(failed.value.faults)}]"
    assert failed.value.sentence() == "\n".join(failed.value.faults)
    for flag in drain.command.flags:
        if flag.name in ("force", "ignore-daemonsets", "delete-emptydir-data"):
            flags.store(flag, True)
    found = evicting.sorted_out(session, flags, pods)
    assert [one["metadata"]["name"] for one in found.leaving] == ["rs", "lost", "bare", "local", "done"]
    assert found.warning() == (
        "ignoring DaemonSet-managed Pods: d/ds; deleting Pods that declare no controller: d/bare"
    )


def test_durations_as_go_prints_them() -> None:
    assert [ages.go(seconds) for seconds in (0.5, 3, 90, 3605)] == ["0.5s", "3s", "1m30s", "1h0m5s"]


def test_environment_variables_keep_their_places() -> None:
    have = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert set_env.updated(have, [{"name": "A", "value": "9"}, {"name": "C", "value": ""}], ["B"]) == [
        {"name": "A", "value": "9"},
        {"name": "C"},
    ]


def test_what_could_not_be_read_is_one_entry_after_what_failed() -> None:
    work, reading = [CommandError("w")], [CommandError("a"), CommandError("b"), CommandError("a")]
    with pytest.raises(CommandError) as failed:
        writing.raise_both(work, reading)
    assert failed.value.sentence() == "w\n[a, b]\n"
    with pytest.raises(CommandError) as failed:
        writing.raise_both([], reading)
    assert failed.value.sentence() == "a\nb\na\n"
    writing.raise_both([], [])


def test_names_that_keys_may_have() -> None:
    assert arguments.qualified_name_faults("example.com/MyName") == []
    assert arguments.qualified_name_faults("/x") == ["prefix part must be non-empty"]
    assert len(arguments.qualified_name_faults("")) == 2
    assert "with an optional DNS subdomain prefix" in arguments.qualified_name_faults("a/b/c")[0]
    assert arguments.qualified_name_faults("E.x/y")[0].startswith("prefix part a lowercase RFC 1123 subdomain")
