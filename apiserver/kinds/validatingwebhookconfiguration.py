"""ValidatingWebhookConfiguration: webhooks that may refuse objects before they are stored."""

from __future__ import annotations

from apiserver.kinds._webhooks import configuration

kind = configuration("ValidatingWebhookConfiguration")
