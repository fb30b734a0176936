"""What Kubernetes adds to CEL, expression by expression: those that hold, and those that come to nothing."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.expressions import running
from apiserver.objects.expressions.functions import authorizing, message
from apiserver.objects.expressions.loading import BadExpression, Failed
from apiserver.objects.expressions.typing import Scope

NAMES = frozenset(("x", "authorizer"))


def result(text: str, x: Any = None, authorizer: Any = None) -> Any:
    return running.over(text, NAMES).over({"x": x, "authorizer": authorizer})


HOLD = """
quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1000m') == quantity('1')
quantity('50k').add(quantity('20k')) == quantity('70k') && quantity('50k').sub(20000) == quantity('30k')
quantity('50k').asInteger() == 50000 && quantity('1.5').isInteger() == false && quantity('-3').sign() == -1
quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('50k').asApproximateFloat() == 50000.0
quantity('10').divInt(3) == quantity('3')
quantity('2').mul(3) == quantity('6') && quantity('10').div(3) == quantity('3.3334')
isQuantity('1.3Gi') && !isQuantity('1,3G') && [quantity('1'), quantity('2')].all(q, q.sign() == 1)
isURL('https://user@example.com:80/a b?k=1&k=2#f') && !isURL('../a') && !isURL('')
url('https://user@example.com:80/a?k=1&k=2').getHost() == 'example.com:80'
url('/a').getPort() == ''
url('https://[::1]:80/a').getHostname() == '::1' && url('https://h:80/a').getPort() == '80'
url('https://h/a b').getEscapedPath() == '/a%20b' && url('https://h/a?k=1&k=2').getQuery()['k'] == ['1', '2']
isIP('10.0.0.1') && isIP('::1') && !isIP('010.0.0.1') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')
string(ip('FE80::1')) == 'fe80::1'
ip('10.0.0.1').family() == 4 && ip('::1').family() == 6 && ip('::1').isLoopback()
ip.isCanonical('fe80::1') && !ip.isCanonical('FE80::1') && ip('224.0.0.1').isLinkLocalMulticast()
ip('169.254.1.1').isLinkLocalUnicast() && ip('8.8.8.8').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()
cidr('192.168.0.0/24').containsIP('192.168.0.9') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))
cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && !cidr('192.168.1.0/24').containsCIDR(cidr('192.168.0.0/16'))
cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24') && cidr('192.168.0.1/24') != cidr('192.168.0.0/24')
string(cidr('10.0.0.1/8')) == '10.0.0.1/8'
cidr('::1/128').prefixLength() == 128 && cidr('10.0.0.1/8').ip() == ip('10.0.0.1')
!isCIDR('192.168.0.0/33') && !isCIDR('10.0.0.0') && isCIDR('fd00::/8')
!format.dns1123Label().validate('my-name').hasValue() && format.dns1123Label().validate('No').value().size() == 1
format.named('dns1035Label').hasValue() && !format.named('nothing').hasValue()
format.uuid().validate('x').orValue(['']).size() == 1
!format.named('dns1123LabelPrefix').value().validate('a-').hasValue()
semver('1.2.3-beta.2').isLessThan(semver('1.2.3')) && semver('1.2.3-beta.2').isLessThan(semver('1.2.3-beta.11'))
semver('1.2.3+a') == semver('1.2.3+b')
semver('v1.2', true).minor() == 2 && !isSemver('v1.2') && isSemver('v01.2', true)
image('a/b').tag() == 'latest'
image('nginx').registry() == 'index.docker.io' && image('nginx').repository() == 'library/nginx'
image('h.io:5000/a/b:1').identifier() == '1' && !isImage('h.io//a') && !isImage('') && !image('a').containsDigest()
x.list.max() == 3
[1, 2].sum() == 3 && [0.5].sum() == 0.5 && [duration('1s'), duration('2s')].sum() == duration('3s')
[1, 2, 2].isSorted() && ['b', 'a'].min() == 'a'
'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1b22'.findAll('[0-9]+', 1) == ['1'] && 'a1'.find('b') == ''
[1, 2].all(i, v, v == i + 1) && {'a': 1}.exists(k, v, k == 'a' && v == 1) && [3].transformList(i, v, i + v) == [3]
{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && {'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}
sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])
1 < 1.5 && 2u > 1 && 'a' < 'b' && string(1) == '1' && string(true) == 'true'
x.?none.orValue('y') == 'y' && x[?'list'].hasValue() && {?'a': x.?none}.size() == 0 && x.?list[?0].value() == 3
'a,b'.split(',').join('-') == 'a-b' && '%s is %d'.format(['a', 1]) == 'a is 1' && 'Ab'.lowerAscii() == 'ab'
cel.bind(n, 2, n * n) == 4 && jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'
Object{spec: Object.spec{replicas: 1, ?paused: x.?none}} == {'spec': {'replicas': 1}}
"""


@pytest.mark.parametrize("text", HOLD.strip().splitlines())
def test_what_holds(text: str) -> None:
    assert result(text, {"list": [3]}) is True
    if "Object" not in text:
        assert Scope({"x": "dyn"}).check(text).type in ("BOOL", "DYN")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quantity('200K')", "unable to parse quantity's suffix"),
        ("quantity('1.5').asInteger()", "cannot convert value to integer"),
        ("quantity('1').div(0)", "division by zero error"),
        ("url('../a')", 'URL parse error during conversion from string: parse "../a": invalid URI for request'),
        ("x.list.min()", "min called on empty list"),
        ("dyn(1).isLessThan(quantity('1'))", "no such overload"),
        ("dyn(url('/a')).isLessThan(quantity('1'))", "no such overload"),
        ("authorizer.group('').resource(' ')", "resource must not be empty"),
        (
            "ip('a')",
            'IP Address "a" parse error during conversion from string: ParseAddr("a"): unable to parse IP',
        ),
    ],
)
def test_what_comes_to_nothing(text: str, said: str) -> None:
    checks = message("kubernetes.authorization.Authorizer", {})
    with pytest.raises(Failed) as failed:
        result(text, {"list": []}, checks)
    assert str(failed.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x.matches('(')", "ERROR: <input>:1:11: invalid matches argument\n | x.matches('(')\n | ..........^"),
        ("duration('x') > x", "ERROR: <input>:1:10: invalid duration argument\n | duration('x') > x\n | .........^"),
        ("1 < 'a'", "ERROR: <input>:1:3: found no matching overload for '_<_' applied to '(int, string)'"),
        ("['a'].sum()", "ERROR: <input>:1:10: found no matching overload for 'sum' applied to '(list(string))'"),
        ("quantity('1') < quantity('2')", "applied to '(kubernetes.Quantity, kubernetes.Quantity)'"),
    ],
)
def test_what_is_refused_before_it_runs(text: str, said: str) -> None:
    with pytest.raises(BadExpression) as refused:
        Scope({"x": {"type": "string"}}).check(text)
    assert said in str(refused.value)


def test_permissions_are_asked_of_whoever_answers() -> None:
    asked: list[Any] = []

    def answer(check: authorizing.Check) -> tuple[bool, str]:
        asked.append(check)
        return check.get("namespace") == "a", "because"

    checks = message("kubernetes.authorization.Authorizer", {"user": "u", "groups": []})
    with authorizing.answering(answer):
        pods = "authorizer.group('').resource('pods')"
        assert result(f"{pods}.namespace('a').name('n').check('get').allowed()", authorizer=checks) is True
        assert result(f"{pods}.subresource('log').check('get').allowed()", authorizer=checks) is False
        assert result("authorizer.path('/x').check('get').reason()", authorizer=checks) == "because"
        result(
            "authorizer.serviceAccount('ns', 'sa').group('').resource('x').check('get').allowed()", authorizer=checks
        )
    check = {"user": "u", "groups": [], "group": "", "resource": "pods", "verb": "get"}
    assert asked[:2] == [{**check, "namespace": "a", "name": "n"}, {**check, "subresource": "log"}]
    assert asked[3]["user"] == "system:serviceaccount:ns:sa"
