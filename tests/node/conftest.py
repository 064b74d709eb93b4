"""A control plane with one real node for the tests of this folder; scripts/node runs them.

All of them share it, and the tests of a file build upon each other: what is started in a minute
is looked at in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import images
from tests.cluster.node import Node
from tests.cluster.plane import Plane


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests on a real node run only where they are asked for: `-m node`."""
    if "node" not in config.getoption("-m"):
        chosen = [item for item in items if not item.get_closest_marker("node")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The node with the images of the stack; `node.plane` is its control plane."""
    directory = tmp_path_factory.mktemp("node")
    folders = directory / "volumes"
    plane = Plane(directory / "plane", nodes=0, tied=True, folders=folders)
    with plane, Node(plane, folders) as started:
        images.add_stack(started)
        yield started
