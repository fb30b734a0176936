"""MutatingAdmissionPolicyBinding: puts a MutatingAdmissionPolicy into force."""

from __future__ import annotations

from apiserver.kinds._policies import binding
from apiserver.objects.validation import policies

kind = binding("MutatingAdmissionPolicyBinding", policies.mutating_binding)
