"""How an apply is carried out, by the options of the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Defaults are those of `tigctl plan`.

    Attributes:
        volumes, policies: whether these are made; else those there stay as they are.
        resize: whether volumes that are there become as wanted; else these stay as they are.
        adopt: take over what somebody else made, and keep what somebody changed by hand.
        wait: seconds that a component may take to run; 0: nothing is waited for.
        capacity: whether room on the nodes is checked before anything is made.
        new_tokens: Telegraf and Grafana get new tokens for InfluxDB.
        recover_operator: have InfluxDB make a new operator's token where it does not accept the
            stored one; it is restarted for that.
        objects_only: look at Kubernetes objects only, not into InfluxDB and Grafana.
    """

    volumes: bool = True
    policies: bool = True
    resize: bool = True
    adopt: bool = False
    wait: float = 300.0
    capacity: bool = True
    new_tokens: bool = False
    recover_operator: bool = False
    objects_only: bool = False
