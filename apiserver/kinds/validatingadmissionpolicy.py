"""ValidatingAdmissionPolicy: conditions in CEL that objects must meet to be stored."""

from __future__ import annotations

from apiserver.kinds._policies import policy
from apiserver.objects.validation import policies

kind = policy("ValidatingAdmissionPolicy", "validations", policies.validating, status=True)
