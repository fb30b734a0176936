"""ValidatingAdmissionPolicyBinding: puts a ValidatingAdmissionPolicy into force."""

from __future__ import annotations

from apiserver.kinds._policies import binding
from apiserver.objects.validation import policies

kind = binding("ValidatingAdmissionPolicyBinding", policies.validating_binding)
