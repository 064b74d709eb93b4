"""Paths into objects: names for people, putting and finding again, and what `fieldsV1` says.

Leaves out: what a plan makes of them, which is tested on a real API server.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.targets.kubernetes import fieldpath
from tigctl.targets.kubernetes.fieldpath import Item

POD: dict[str, Any] = {
    "spec": {
        "containers": [
            {"name": "telegraf", "image": "telegraf:1", "ports": [{"containerPort": 8086}]},
            {"name": "helper", "args": ["-a", "-b"]},
        ]
    },
    "metadata": {"labels": {"app.kubernetes.io/name": "telegraf"}},
}


def test_items_are_named_by_what_makes_them_the_same() -> None:
    found = {fieldpath.text(path) for path in fieldpath.flatten(POD)}
    assert found == {
        "spec.containers[telegraf].name",
        "spec.containers[telegraf].image",
        "spec.containers[telegraf].ports[8086].containerPort",
        "spec.containers[helper].name",
        "spec.containers[helper].args[0]",
        "spec.containers[helper].args[1]",
        "metadata.labels[app.kubernetes.io/name]",
    }


def test_items_without_a_key_of_their_own_are_counted() -> None:
    assert fieldpath.parts_of([{"name": "a"}, {"name": "a"}]) == [0, 1]
    assert fieldpath.parts_of([{"name": "a"}, {"other": "b"}]) == [0, 1]
    assert fieldpath.parts_of([{"name": True}, {"name": "b"}])[1] != 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=5), inside, max_size=3)
    ),
    max_leaves=12,
)


@given(found=st.dictionaries(st.text(min_size=1, max_size=5), json_values, max_size=4))
def test_every_leaf_is_found_again_by_its_path(found: dict[str, Any]) -> None:
    for path, value in fieldpath.flatten(found).items():
        if not path:
            continue
        assert fieldpath.look_up(found, path) == value
        assert fieldpath.loads(fieldpath.dumps(path)) == path


@given(found=st.dictionaries(st.text(min_size=1, max_size=5), json_values, max_size=4))
def test_pointers_lead_to_the_same_place(found: dict[str, Any]) -> None:
    for path, value in fieldpath.flatten(found).items():
        pointer = fieldpath.pointer(found, path)
        assert pointer is not None
        here: Any = found
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            here = here[int(name)] if isinstance(here, list) else here[name]
        assert here == value


def test_values_are_put_where_there_is_a_place() -> None:
    found: dict[str, Any] = {"spec": {"containers": [{"name": "a"}]}}
    image = ("spec", "containers", Item("name", "a"), "image")
    assert fieldpath.put(found, image, "x:1")
    assert fieldpath.put(found, ("spec", "replicas"), 2)
    assert fieldpath.put(found, ("metadata", "labels", "a"), "b")
    assert fieldpath.put(found, ("spec", "containers", Item("name", "b")), {"name": "b"})
    assert not fieldpath.put(found, ("spec", "containers", 7, "image"), "x")
    assert found == {
        "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b"}], "replicas": 2},
        "metadata": {"labels": {"a": "b"}},
    }


def test_long_texts_are_shown_by_digest() -> None:
    assert fieldpath.shown("x" * 160) == "x" * 160
    said = fieldpath.shown("x" * 5000)
    assert isinstance(said, str)
    assert said.startswith("5,000 characters, sha256 ")
    assert fieldpath.shown(3) == 3


def test_owned_fields_are_read_from_fields_v1() -> None:
    fields = {
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"telegraf"}': {".": {}, "f:image": {}, "f:name": {}},
                        'k:{"containerPort":8086,"protocol":"TCP"}': {},
                    }
                }
            },
        },
        "f:metadata": {"f:finalizers": {'v:"a"': {}}},
        "f:list": {"i:2": {}},
    }
    assert {fieldpath.text(path) for path in fieldpath.owned(fields)} == {
        "spec.replicas",
        "spec.template.spec.containers[telegraf].image",
        "spec.template.spec.containers[telegraf].name",
        "spec.template.spec.containers[8086]",
        "list[2]",
    }


@pytest.mark.parametrize("path", [(), ("a", 3), ("a", Item("name", "x")), ("a.b", "c/d")])
def test_paths_survive_being_kept(path: fieldpath.Path) -> None:
    assert fieldpath.loads(fieldpath.dumps(path)) == path
