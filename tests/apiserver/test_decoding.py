"""Decoding: the words for what is wrong, the stored form of what is right, and that both ways through agree."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiserver.errors import BadRequest
from apiserver.objects import decoding, gojson
from apiserver.objects.decoding import decode_body, decode_value
from apiserver.objects.gostructs import DecodeError, Walk
from schemas import load

Object = dict[str, Any]
HOMES = {"Deployment": "apps/v1", "EndpointSlice": "discovery.k8s.io/v1", "Lease": "coordination.k8s.io/v1"}


def read(kind: str, body: Object | bytes, validation: decoding.Validation = "Strict") -> decoding.Decoded:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    group_version = HOMES.get(kind, "v1")
    return decode_body(data, kind, group_version, load(group_version, kind), validation)


def refusal(kind: str, body: Object | bytes, validation: decoding.Validation = "Strict") -> str:
    with pytest.raises(BadRequest) as caught:
        read(kind, body, validation)
    return caught.value.message


def container(**fields: Any) -> Object:
    return {"spec": {"containers": [{"name": "a", **fields}]}}


# -- wrong types -------------------------------------------------------------------------------------------------------

WRONG_TYPES: list[tuple[str, Object, str, str, str]] = [
    ("Service", {"spec": {"ports": [{"port": "80"}]}}, "string", "ServicePort.spec.ports.port", "int32"),
    ("Service", {"spec": {"ports": [{"port": 2**31}]}}, "number 2147483648", "ServicePort.spec.ports.port", "int32"),
    ("Service", {"spec": {"ports": [{"targetPort": 2**31}]}}, "number 2147483648", "ServicePort.spec.ports.targetPort",
     "int32"),
    ("Service", {"spec": {"ports": [{"targetPort": True}]}}, "bool", "ServicePort.spec.ports.targetPort", "int32"),
    ("Service", {"spec": {"ports": "x"}}, "string", "ServiceSpec.spec.ports", "[]v1.ServicePort"),
    ("Service", {"spec": {"ports": ["x"]}}, "string", "ServiceSpec.spec.ports", "v1.ServicePort"),
    ("Service", {"spec": {"ports": [{"protocol": 6}]}}, "number", "ServicePort.spec.ports.protocol", "v1.Protocol"),
    ("Service", {"spec": {"selector": ["x"]}}, "array", "ServiceSpec.spec.selector", "map[string]string"),
    ("Service", {"spec": {"selector": {"a": 1}}}, "number", "ServiceSpec.spec.selector", "string"),
    ("Service", {"metadata": "x"}, "string", "Service.metadata", "v1.ObjectMeta"),
    ("Service", {"metadata": {"name": 5}}, "number", "ObjectMeta.metadata.name", "string"),
    ("Secret", {"data": 5}, "number", "Secret.data", "map[string][]uint8"),
    ("Secret", {"data": {"a": 5}}, "number", "Secret.data", "[]uint8"),
    ("Pod", {"spec": {"hostNetwork": "yes"}}, "string", "PodSpec.spec.hostNetwork", "bool"),
    ("Pod", container(readinessProbe={"httpGet": {"path": []}}), "array",
     "HTTPGetAction.spec.containers.readinessProbe.ProbeHandler.httpGet.path", "string"),
    ("Pod", container(env=[{"valueFrom": {"configMapKeyRef": {"name": 1}}}]), "number",
     "ConfigMapKeySelector.spec.containers.env.valueFrom.configMapKeyRef.LocalObjectReference.name", "string"),
    ("Pod", {"spec": {"volumes": [{"configMap": {"name": 1}}]}}, "number",
     "ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name", "string"),
    ("Pod", container(resources={"limits": 5}), "number", "ResourceRequirements.spec.containers.resources.limits",
     "v1.ResourceList"),
    ("Deployment", {"spec": {"replicas": 1.5}}, "number 1.5", "DeploymentSpec.spec.replicas", "int32"),
    ("Pod", {"metadata": {"creationTimestamp": 5}}, "number", "ObjectMeta.metadata.creationTimestamp", "string"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "found", "field", "type"), WRONG_TYPES)
def test_a_wrong_type_is_named_as_go_names_it(kind: str, body: Object, found: str, field: str, type: str) -> None:
    problem = f"json: cannot unmarshal {found} into Go struct field {field} of type {type}"
    assert refusal(kind, body) == f'{kind} in version "v1" cannot be handled as a {kind}: {problem}'


def test_the_first_wrong_type_counts_and_comes_before_unknown_fields() -> None:
    body = b'{"spec":{"colour":1,"type":[],"clusterIP":{}}}'
    problem = "cannot unmarshal array into Go struct field ServiceSpec.spec.type of type v1.ServiceType"
    assert refusal("Service", body).endswith(problem)


def test_a_type_that_reads_itself_comes_before_an_earlier_wrong_type() -> None:
    body = container(image=5, resources={"limits": {"cpu": "lots"}})
    assert "quantities must match the regular expression" in refusal("Pod", body)


@pytest.mark.parametrize("text", ["80.0", "8e1", "2147483648", "-2147483649", "99999999999999999999999"])
def test_numbers_are_shown_as_they_were_written(text: str) -> None:
    body = b'{"spec":{"ports":[{"port":' + text.encode() + b"}]}}"
    assert f"cannot unmarshal number {text} into Go struct field ServicePort.spec.ports.port" in refusal(
        "Service", body
    )


# -- kind and apiVersion -----------------------------------------------------------------------------------------------

UNRECOGNIZED = "the object provided is unrecognized (must be of type ConfigMap): "
UNREADABLE = UNRECOGNIZED + "couldn't get version/kind; json parse error: "
SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'

META: list[tuple[bytes, str]] = [
    (b"", UNREADABLE + "unexpected end of JSON input (<empty>)"),
    (
        b'{"apiVersion":"v1","kind":"ConfigMap",',
        UNREADABLE + 'unexpected end of JSON input ({"apiVersion":"v1","kind":"Con ...)',
    ),
    (
        b"[1,2]",
        UNREADABLE + "json: cannot unmarshal array into Go value of type struct "
        '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b312c325d)',
    ),
    (
        b'{"kind": []}',
        UNREADABLE + 'json: cannot unmarshal array into Go struct field .kind of type string ({"kind": []})',
    ),
    (b'{"apiVersion": "a/b/c"}', UNRECOGNIZED + 'unexpected GroupVersion string: a/b/c ({"apiVersion": "a/b/c"})'),
    (
        b'{"apiVersion":"v1","kind":"Secret"}',
        'Secret in version "v1" cannot be handled as a ConfigMap: '
        "converting (v1.Secret) to (core.ConfigMap): unknown conversion",
    ),
    (
        b'{"apiVersion":"v1","kind":"Unicorn"}',
        'Unicorn in version "v1" cannot be handled as a ConfigMap: '
        f'no kind "Unicorn" is registered for version "v1" {SCHEME}',
    ),
    (
        b'{"apiVersion":"example.com/v2","kind":"ConfigMap"}',
        'ConfigMap in version "v2" cannot be handled as a ConfigMap: '
        f'no kind "ConfigMap" is registered for version "example.com/v2" {SCHEME}',
    ),
]


@pytest.mark.parametrize(("body", "message"), META)
def test_an_object_of_another_kind_is_refused(body: bytes, message: str) -> None:
    assert refusal("ConfigMap", body) == message


def test_an_old_version_of_the_same_kind_is_told_apart() -> None:
    assert refusal("Deployment", {"apiVersion": "apps/v1beta1", "kind": "Deployment"}) == (
        "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)"
    )


@pytest.mark.parametrize("body", [b"{}", b'{"kind":""}', b'{"kind":null,"apiVersion":null}', b"null"])
def test_kind_and_version_may_be_left_out(body: bytes) -> None:
    assert read("ConfigMap", body).object == {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {}}


# -- unknown and duplicate fields --------------------------------------------------------------------------------------

TYPOS = (
    b'{"metadata":{"lables":{}},"spec":{"ports":[{"port":80,"prot":"TCP"}],"selector":{"a":"b"},"selector":{"a":"c"}}}'
)
PROBLEMS = ('unknown field "metadata.lables"', 'unknown field "spec.ports[0].prot"', 'duplicate field "spec.selector"')


def test_strict_refuses_unknown_and_duplicate_fields_in_the_order_written() -> None:
    assert refusal("Service", TYPOS) == (
        'Service in version "v1" cannot be handled as a Service: strict decoding error: ' + ", ".join(PROBLEMS)
    )


def test_warn_lists_them_and_ignore_passes_them_over() -> None:
    warned, ignored = read("Service", TYPOS, "Warn"), read("Service", TYPOS, "Ignore")
    assert warned.problems == PROBLEMS
    assert ignored.problems == ()
    assert warned.object == ignored.object
    assert warned.object["spec"] == {"ports": [{"port": 80}], "selector": {"a": "c"}}


def test_a_field_written_twice_is_decoded_over_the_first() -> None:
    body = b'{"data":{"a":"1"},"data":{"b":"2"},"immutable":true,"immutable":null}'
    decoded = read("ConfigMap", body, "Ignore")
    assert decoded.object["data"] == {"a": "1", "b": "2"}
    assert "immutable" not in decoded.object


@pytest.mark.parametrize(
    ("body", "duplicated"),
    [
        (b'{"a":1,"b":{"c":1}}', False),
        (b'{"a":1, "a" : 1}', True),
        (b'{"a":{"b":1,\n"b"\n:2}}', True),
        (b'{"a":":","b":"\\":\\""}', False),
        (b'{"\\u0061":1,"a":2}', True),
        (b'{"a":"\\u003a","a":1}', True),
        (b'{"a":[{"x":1},{"x":2}]}', False),
    ],
)
def test_duplicates_are_found_however_they_are_written(body: bytes, duplicated: bool) -> None:
    value, duplicates = decoding.parse(body)
    assert value == orjson.loads(body)
    assert bool(duplicates) == duplicated


def test_more_than_a_hundred_problems_are_not_listed() -> None:
    body = {f"x{n}": 1 for n in range(200)}
    assert len(read("ConfigMap", body, "Warn").problems) == 100


# -- the stored form ---------------------------------------------------------------------------------------------------

STORED: list[tuple[str, Object, Object]] = [
    ("Pod", {"spec": {"hostNetwork": False, "nodeName": "", "priority": 0, "volumes": []}}, {"spec": {"priority": 0}}),
    ("Pod", {"metadata": {"creationTimestamp": None, "labels": {}, "name": "a"}}, {"metadata": {"name": "a"}}),
    ("Pod", {"metadata": {"labels": {"a": None, "b": ""}}}, {"metadata": {"labels": {"a": "", "b": ""}}}),
    (
        "Pod",
        container(securityContext={"allowPrivilegeEscalation": False, "runAsUser": 0}, tty=False, args=None),
        container(securityContext={"allowPrivilegeEscalation": False, "runAsUser": 0}),
    ),
    (
        "Pod",
        container(resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": 2, "memory": "64Mi"}}),
        container(resources={"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "2", "memory": "64Mi"}}),
    ),
    ("Pod", container(resources={"limits": {"cpu": "100u"}}), container(resources={"limits": {"cpu": "1m"}})),
    ("Pod", container(resources={"limits": {"cpu": 0.25}}), container(resources={"limits": {"cpu": "250m"}})),
    ("Pod", {"spec": {"volumes": [{"emptyDir": {}}]}}, {"spec": {"volumes": [{"emptyDir": {}}]}}),
    ("Service", {"spec": {"ports": [None, {"targetPort": 0}]}}, {"spec": {"ports": [{}, {"targetPort": 0}]}}),
    ("Deployment", {"spec": {"replicas": 0, "paused": False}}, {"spec": {"replicas": 0}}),
    (
        "Deployment",
        {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}}},
        {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}}},
    ),
    ("Secret", {"data": {"a": "YQ==\n", "b": ""}}, {"data": {"a": "YQ==", "b": ""}}),
    (
        "Pod",
        {"metadata": {"deletionTimestamp": "2024-05-01T12:00:00.9+02:00"}},
        {"metadata": {"deletionTimestamp": "2024-05-01T10:00:00Z"}},
    ),
    ("Pod", {"status": {"startTime": "0001-01-01T00:00:00Z"}}, {"status": {}}),
]


@pytest.mark.parametrize(("kind", "given", "stored"), STORED)
def test_objects_are_brought_into_stored_form(kind: str, given: Object, stored: Object) -> None:
    decoded = read(kind, given).object
    wanted = {"kind": kind, "apiVersion": HOMES.get(kind, "v1"), "metadata": {}, **stored}
    assert decoded == wanted
    assert read(kind, decoded).object == wanted


def test_microseconds_need_six_digits() -> None:
    assert read("Lease", {"spec": {"renewTime": "2024-05-01T12:00:00.500000+02:00"}}).object["spec"] == {
        "renewTime": "2024-05-01T10:00:00.500000Z"
    }
    problem = 'parsing time "2024-05-01T12:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"'
    assert refusal("Lease", {"spec": {"renewTime": "2024-05-01T12:00:00Z"}}).endswith(problem)


def test_bytes_that_are_no_text_are_replaced() -> None:
    decoded = read("ConfigMap", b'{"data":{"a":"x\xffy","b":"\\ud800"}}')
    assert decoded.object["data"] == {"a": "x\ufffdy", "b": "\ufffd"}


# -- results of patches ------------------------------------------------------------------------------------------------


RESTORED: list[tuple[Object, str, str]] = [
    ({"spec": {"replicas": "two"}}, "string into Go struct field DeploymentSpec.spec.replicas of type int32",
     "unrecognized type: int32"),
    ({"spec": {"paused": "x"}}, "string into Go struct field DeploymentSpec.spec.paused of type bool",
     "unrecognized type: bool"),
    ({"spec": {"selector": 5}}, "number into Go struct field DeploymentSpec.spec.selector of type v1.LabelSelector",
     "cannot restore struct from: int64"),
    ({"metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string",
     "cannot convert int64 to string"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "json", "strategic"), RESTORED)
def test_the_way_of_patching_decides_the_words(value: Object, json: str, strategic: str) -> None:
    schema = load("apps/v1", "Deployment")
    for text, is_strategic in ((f"json: cannot unmarshal {json}", False), (strategic, True)):
        with pytest.raises(DecodeError) as caught:
            decode_value(copy.deepcopy(value), schema, strategic=is_strategic)
        assert str(caught.value) == text


def test_whole_floats_are_integers_in_a_strategic_patch() -> None:
    decoded = decode_value({"spec": {"replicas": 2.0}}, load("apps/v1", "Deployment"), strategic=True)
    assert decoded.object == {"spec": {"replicas": 2}}


def test_problems_of_a_strategic_patch_come_sorted() -> None:
    decoded = decode_value({"spec": {"colour": 1}, "sepc": {}}, load("v1", "Service"), strategic=True)
    assert decoded.problems == ('unknown field "sepc"', 'unknown field "spec.colour"')


# -- both ways through agree -------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(2**40), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "80", "500m", "1Gi", "YQ==", "2024-05-01T12:00:00Z", "TCP"]),
)  # fmt: skip


def values_of(field: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly have the right shape."""
    good: st.SearchStrategy[Any] = SCALARS
    if field.type == "array" and field.items:
        good = st.lists(values_of(field.items, depth), max_size=2)
    elif field.properties and depth < 4:
        names = sorted(field.properties)
        members = st.lists(st.sampled_from(names), max_size=4, unique=True)
        good = members.flatmap(
            lambda chosen: st.fixed_dictionaries({n: values_of(field.properties[n], depth + 1) for n in chosen})
        )
    elif field.values:
        good = st.dictionaries(st.sampled_from(["a", "cpu"]), values_of(field.values, depth), max_size=2)
    else:
        by_type = {
            "string": st.sampled_from(["", "a", "YQ=="]),
            "integer": st.integers(-1, 70000),
            "boolean": st.booleans(),
        }
        good = by_type.get(field.type, SCALARS)
    return st.one_of(good, good, good, good, SCALARS)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_fast_way_gives_what_the_careful_way_gives(data: st.DataObject) -> None:
    group_version, kind = data.draw(
        st.sampled_from([("v1", "Pod"), ("v1", "Service"), ("apps/v1", "Deployment"), ("v1", "Secret")])
    )
    schema = load(group_version, kind)
    value = data.draw(values_of(schema.root))
    if not isinstance(value, dict):
        value = {}
    value.pop("kind", None)
    value.pop("apiVersion", None)
    fast = decoding._plainly_right(schema, copy.deepcopy(value))
    if fast is None:
        return
    walk = Walk()
    assert walk.decode(schema.root, gojson.parse(orjson.dumps(value))) == fast
    assert not walk.problems
    assert decode_value(copy.deepcopy(fast), schema).object == fast, "the stored form stays as it is"


def test_numbers_beyond_64_bits_are_floats_where_any_number_will_do() -> None:
    assert gojson.plain(gojson.parse(b"[9223372036854775807, 9223372036854775808, -1180591620717411303424]")) == [
        9223372036854775807, 9.223372036854775808e18, -1.180591620717411303424e21,
    ]  # fmt: skip


def test_halves_of_surrogate_pairs_are_mended_wherever_they_stand() -> None:
    said = refusal("ConfigMap", b'{"kind": "a\\ud800"}')
    assert said.startswith('a\ufffd in version "v1" cannot be handled as a ConfigMap: no kind "a\ufffd" is registered')
    data = read("ConfigMap", b'{"data": {"\\udc00": "\\ud83d\\ude00\\ud83d"}}').object["data"]
    assert data == {"\ufffd": "\U0001f600\ufffd"}
