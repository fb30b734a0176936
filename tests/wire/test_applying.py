"""Applying, by minictl and by stock kubectl: manifests of many kinds, edited at random, over objects that somebody else
has edited too.

    original -> applied      -> somebody else applies a little of their own -> edited -> applied, and applied again

Both clients do it in a namespace of their own, and then have the same objects, field by field and owner by owner, and
have said the same. What is applied a second time changes nothing. MINICTL_SEEDS=100 edits each manifest in that many
ways.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.server import Server

Object = dict[str, Any]

KUBECTL = shutil.which("kubectl")
FILES = [Path(__file__).parent / "oracle" / "everything.yaml", Path("examples") / "web-deployment.yaml"]
SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "1")))
STRIDE = 1 if "MINICTL_SEEDS" in os.environ else 2
"""Of how many manifests one is edited: kubectl takes its time."""
LEFT_OUT = ("Endpoints", "ResourceQuota", "Event", "ControllerRevision")
"""Others write those, or are kept from writing by them."""
MOST_EDITS = 3
KEYS = ("name", "port", "containerPort", "key", "mountPath", "host", "ip", "topologyKey")
"""By which items of lists are known."""
OURS, THEIRS = "with-minictl", "with-kubectl"
CLIENT, OTHER = "kubectl-client-side-apply", "somebody-else"
SECONDS = 600

VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "namespace", "selfLink")
GIVEN = ("clusterIP", "clusterIPs", "volumeName", "healthCheckNodePort")
"""What the server gives each object anew."""
REFUSED = re.compile(r" is invalid: | is forbidden: |strict decoding error| not found$")
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


# -- manifests and what becomes of them --------------------------------------------------------------------------------


def originals(seed: int) -> Iterator[Object]:
    for file in FILES:
        for manifest in yaml.safe_load_all(file.read_text()):
            if manifest and manifest["kind"] not in LEFT_OUT:
                manifest["metadata"]["name"] += f"-{seed}"
                for port in manifest.get("spec", {}).get("ports") or ():
                    port.pop("nodePort", None)  # there is one of each in a cluster
                yield manifest


def edited(manifest: Object, random: Random) -> Object:
    """A manifest after a few edits, such as people make."""
    while True:
        changed = copy.deepcopy(manifest)
        for _ in range(random.randint(1, MOST_EDITS)):
            random.choice(EDITS)(changed, random)
        if not _is_ambiguous(changed):
            return changed


def others_part(manifest: Object, random: Random) -> Object:
    """What somebody else has to say of an object."""
    metadata = {
        "name": manifest["metadata"]["name"],
        "labels": {"theirs": random.choice("ab"), "app": "theirs"},
        "annotations": {"note": "theirs"},
    }
    part = {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": metadata}
    if manifest["kind"] in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"):
        part["spec"] = {"replicas": random.randrange(4)}
    if manifest["kind"] == "ConfigMap" and not manifest.get("immutable"):
        part["data"] = {"theirs": "x"}
    return part


def _edit_metadata(manifest: Object, random: Random) -> None:
    field = random.choice(("labels", "annotations"))
    found = manifest["metadata"].setdefault(field, {})
    name = random.choice([*found, "fresh", "theirs"])
    if name in found and random.random() < 0.5:
        del found[name]
    else:
        found[name] = random.choice(("1", "2", ""))


def _edit_scalar(manifest: Object, random: Random) -> None:
    places = [place for place in _places(_body(manifest)) if not isinstance(place[0][place[1]], dict | list)]
    if places:
        holder, key = random.choice(places)
        holder[key] = _another(holder[key], random)


def _drop_field(manifest: Object, random: Random) -> None:
    places = [(holder, key) for holder, key in _places(_body(manifest)) if isinstance(holder, dict)]
    if places:
        holder, key = random.choice(places)
        del holder[key]


def _edit_list(manifest: Object, random: Random) -> None:
    """An item more, an item less, or the other way round."""
    lists = [h[k] for h, k in _places(_body(manifest)) if isinstance(h[k], list) and h[k]]
    if not lists:
        return
    found = random.choice(lists)
    roll = random.random()
    if roll < 0.4:
        item = copy.deepcopy(random.choice(found))
        found.insert(random.randrange(len(found) + 1), _renamed(item, random))
    elif roll < 0.7:
        del found[random.randrange(len(found))]
    else:
        found.reverse()


EDITS: list[Callable[[Object, Random], None]] = [_edit_metadata, _edit_scalar, _drop_field, _edit_list]


def _is_ambiguous(manifest: Object) -> bool:
    """Whether two items of a list have one key: what becomes of those is up to how a client happens to sort."""
    for holder, key in _places(manifest):
        for name in KEYS if isinstance(holder[key], list) else ():
            keys = [item[name] for item in holder[key] if isinstance(item, dict) and name in item]
            if len(keys) > len(set(map(str, keys))):
                return True
    return False


def _body(manifest: Object) -> Object:
    return {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(what holds it, its key or index) for everything inside."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _another(value: Any, random: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice((1, -1, 10))
    return f"{value}x" if isinstance(value, str) else value


def _renamed(item: Any, random: Random) -> Any:
    if isinstance(item, dict):
        for key in KEYS:
            if key in item:
                item[key] = _another(item[key], random)
        return item
    return _another(item, random)


# -- two clients -------------------------------------------------------------------------------------------------------


class World:
    """A server without nodes: what nobody runs changes by itself as little as can be."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder, "--nodes", "0")
        self.server.start()
        self.folder = folder
        self._environment = {
            **self.server.environment, "KUBECONFIG": str(self.server.kubeconfig), "HOME": str(folder),
        }  # fmt: skip
        for namespace in (OURS, THEIRS):
            self.server.run("create", "namespace", namespace)

    def write(self, name: str, manifests: list[Object]) -> str:
        path = self.folder / f"{name}.yaml"
        path.write_text("".join(f"---\n{json.dumps(manifest)}\n" for manifest in manifests))
        return str(path)

    def apply(self, namespace: str, path: str, *flags: str) -> tuple[list[str], list[str], int]:
        """What the client of a namespace says on stdout, whom it says the server has refused, and its exit status."""
        client = [str(KUBECTL)] if namespace == THEIRS else ["minictl", "--kubeconfig", str(self.server.kubeconfig)]
        done = subprocess.run(
            [*client, "-n", namespace, "apply", "-f", path, *flags],
            env=self._environment, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        out, err = (sorted(map(_plain, text.splitlines())) for text in (done.stdout, done.stderr))
        return out, [line for line in err if REFUSED.search(line)], done.returncode

    def objects(self, namespace: str, manifests: list[Object]) -> dict[str, Object]:
        """The objects that manifests are about, as they are stored."""
        kinds = ",".join(sorted({_resource(manifest) for manifest in manifests}))
        names = {f"{manifest['kind']}/{manifest['metadata']['name']}" for manifest in manifests}
        found = json.loads(self.server.run("get", kinds, "-n", namespace, "-o", "json", "--show-managed-fields").stdout)
        keyed = {f"{item['kind']}/{item['metadata']['name']}": item for item in found["items"]}
        return {name: item for name, item in keyed.items() if name in names}


def _resource(manifest: Object) -> str:
    group, slash, version = manifest["apiVersion"].rpartition("/")
    return f"{manifest['kind']}.{version}.{group}" if slash else manifest["kind"]


def _plain(line: str) -> str:
    for namespace in (OURS, THEIRS):
        line = line.replace(namespace, "<namespace>")
    return UID.sub("<uid>", line)


def comparable(item: Object) -> Any:
    """An object without what no two objects have in common."""
    item = json.loads(_plain(json.dumps(item)))
    item.pop("status", None)
    metadata = item["metadata"]
    for field in VOLATILE:
        metadata.pop(field, None)
    for field in GIVEN:
        (item.get("spec") or {}).pop(field, None)
    owned = [entry for entry in metadata.pop("managedFields", []) if entry["manager"] in (CLIENT, OTHER)]
    annotations = {k: v for k, v in metadata.get("annotations", {}).items() if not k.startswith("deployment.kube")}
    for port in (item.get("spec") or {}).get("ports") or ():
        port.pop("nodePort", None)
    return {
        **item,
        "metadata": {**metadata, "annotations": annotations},
        "owned": [{**entry, "time": ""} for entry in owned],
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("applying"))
    yield made
    made.server.stop()


@pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")
def test_both_clients_make_the_same_of_edits(world: World) -> None:
    manifests = [manifest for seed in SEEDS for manifest in originals(seed)][::STRIDE]
    random = Random(len(SEEDS))
    first = world.write("first", manifests)
    theirs = world.write("theirs", [others_part(manifest, random) for manifest in manifests])
    then = world.write("then", [edited(manifest, random) for manifest in manifests])
    told: dict[str, list[Any]] = {}
    for namespace in (OURS, THEIRS):
        created = world.apply(namespace, first)
        flags = ("--server-side", "--force-conflicts", f"--field-manager={OTHER}")
        world.server.run("apply", "-n", namespace, "-f", theirs, *flags, check=False)
        told[namespace] = [created, world.apply(namespace, then), world.apply(namespace, then)]
    assert told[OURS] == told[THEIRS]
    ours, kubectls = (world.objects(namespace, manifests) for namespace in (OURS, THEIRS))
    assert ours.keys() == kubectls.keys()
    for name, item in ours.items():
        assert comparable(item) == comparable(kubectls[name]), name
    changed = [line for line in told[OURS][1][0] if line.endswith(" configured")]
    assert len(changed) > len(manifests) // 4, "hardly an edit was possible"


@pytest.mark.parametrize("flags", [(), ("--server-side",)], ids=["on the client", "on the server"])
def test_what_is_applied_twice_is_applied_once(world: World, flags: tuple[str, ...]) -> None:
    namespace = f"twice{'-'.join(flags)}"
    world.server.run("create", "namespace", namespace)
    random = Random(7)
    manifests = [edited(manifest, random) for manifest in originals(0)]
    path = world.write("twice", manifests)
    world.apply(namespace, path, *flags)
    before = world.objects(namespace, manifests)
    out, _, _ = world.apply(namespace, path, *flags)
    after = world.objects(namespace, manifests)
    for name, item in before.items():
        assert _settled(after[name]) == _settled(item), name
    assert len(out) > len(manifests) // 2


def _settled(item: Object) -> Any:
    """An object without what controllers go on writing."""
    metadata = {k: v for k, v in item["metadata"].items() if k not in ("resourceVersion", "managedFields")}
    return {**item, "status": None, "metadata": metadata, "owned": comparable(item)["owned"]}
