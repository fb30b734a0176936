"""MutatingAdmissionPolicy: changes in CEL that are made to objects before they are stored."""

from __future__ import annotations

from apiserver.kinds._policies import policy
from apiserver.objects.validation import policies

kind = policy("MutatingAdmissionPolicy", "mutations", policies.mutating, status=False)
