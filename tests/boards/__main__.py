"""Writes dashboards/*.json and the tables of dashboards/README.md anew."""

from __future__ import annotations

from tests.boards import write

if __name__ == "__main__":
    for path in write.everything():
        print(path)
