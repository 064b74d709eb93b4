"""What the API server says where a ResourceQuota leaves too little. Pure."""

from __future__ import annotations

import re

# `exceeded quota: team, requested: pods=1,requests.cpu=2, used: pods=3,…, limited: pods=3,…`
# (apiserver, admission/plugin/resourcequota, checkRequest); only what is short is named.
_EXCEEDED = re.compile(
    r"exceeded quota: (\S+), requested: (\S+), used: (\S*), limited: (\S+)(?:\s|$)"
)

HINT = (
    "make that quota larger, or free some of what it counts; the one named tigctl is made from"
    " the tenant's files: if somebody changed it, tigctl plan says who"
)


def exceeded(message: str) -> str:
    """A refusal in words: which quota, and of each resource what is asked, used and there.

    Empty for a message that speaks of no quota.
    """
    found = _EXCEEDED.search(message)
    if not found:
        return ""
    name = found[1]
    asked, used, hard = (_amounts(part) for part in found.groups()[1:])
    short = "; ".join(
        f"{resource}: {amount} asked, {used.get(resource, '0')} of {hard.get(resource, '0')} in use"
        for resource, amount in asked.items()
    )
    return f"ResourceQuota {name} leaves too little: {short}"


def _amounts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
