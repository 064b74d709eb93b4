"""Profiles written by a test, loaded as own ones beside none that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.errors import ProfileError
from collectors.knowledge import load
from collectors.knowledge.model import Library


class Folder:
    """A folder of profiles: `write` each, then `load` them or take their `faults`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def write(self, **profiles: str) -> Folder:
        """One file per keyword; `_` in its name becomes `-`."""
        for name, text in profiles.items():
            file = self.path / f"{name.replace('_', '-')}.yaml"
            file.write_text(text, encoding="utf-8")
        return self

    def load(self, *others: Folder) -> Library:
        """The library of this folder, then the others."""
        return load.load_library([self.path, *(other.path for other in others)])

    def faults(self) -> list[str]:
        """The faults, each as `name.yaml:line: message`."""
        with pytest.raises(ProfileError) as caught:
            self.load()
        return [str(fault).removeprefix(f"{self.path}/") for fault in caught.value.faults]
