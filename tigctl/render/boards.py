"""Loading boards: from folders of JSON to boards in their normal form. Pure but for the reading.

A board is the JSON model that Grafana shows under Settings (the classic one, with `panels`), in
a file of any name that ends in .json. What Grafana counts by itself plays no part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from tigctl.render.bundle import Board
from tigctl.spec.faults import Faults
from tigctl.spec.files import refused
from tigctl.spec.text import MEBIBYTE, read_text

# The tag by which boards of ours are found again in Grafana.
TAG = "tigctl"

LARGEST_BOARD = 4 * MEBIBYTE

# Grafana gives and counts these; `iteration` is a left-over of versions before 10.
_GRAFANAS = frozenset({"id", "iteration", "version"})
# What Grafana takes for a uid: util.IsValidShortUID and the length of its column.
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Integers beyond this are no longer exact as JSON numbers.
_EXACT = 2**53

_PACKAGE = Path(__file__).parents[1]
_HOME = _PACKAGE / "reference" if (_PACKAGE / "reference").is_dir() else _PACKAGE.parent
SHIPPED = _HOME / "dashboards"


def load(own: Sequence[Path], root: Path, *, folder: str) -> tuple[Board, ...]:
    """All boards by uid: those of the folders `own`, earlier ones first, then the shipped ones.

    A board of an earlier folder hides one of the same uid in a later one. Folders that do not
    exist hold none. `root` is what paths in messages are relative to; `folder` is the uid of
    the Grafana folder they go to. Raises InvalidFiles with every fault of every file.
    """
    faults = Faults()
    found: dict[str, Board] = {}
    for place in own:
        for uid, board in _folder(place, root, folder, faults).items():
            found.setdefault(uid, board)
    faults.raise_all()
    for uid, board in _shipped(folder).items():
        found.setdefault(uid, board)
    return tuple(found[uid] for uid in sorted(found))


@cache
def _shipped(folder: str) -> Mapping[str, Board]:
    faults = Faults()
    found = _folder(SHIPPED, _HOME, folder, faults)
    faults.raise_all()
    return found


def _folder(place: Path, root: Path, folder: str, faults: Faults) -> dict[str, Board]:
    found: dict[str, Board] = {}
    where: dict[str, str] = {}
    try:
        paths = sorted(place.glob("*.json"))
    except OSError as error:
        raise refused("list", place, error) from error
    for path in paths:
        shown = str(path.relative_to(root) if path.is_relative_to(root) else path)
        text = read_text(path, shown, faults, limit=LARGEST_BOARD)
        board = None if text is None else parse(text, shown, folder, faults)
        if board is None:
            continue
        if board.uid in found:
            faults.add(
                shown, 0, f"uid {board.uid!r} is that of {where[board.uid]}; give each its own"
            )
            continue
        found[board.uid], where[board.uid] = board, shown
    return found


def parse(text: str, shown: str, folder: str, faults: Faults) -> Board | None:
    """One board from its JSON; None and faults where it is none. `shown` is the file's name."""
    before = len(faults)
    try:
        model = json.loads(text, parse_constant=_no_number)
        json.dumps(model, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        faults.add(shown, error.lineno, f"is not JSON: {error.msg} at column {error.colno}")
        return None
    except RecursionError:
        faults.add(shown, 0, "is nested too deeply for a board; is it the right file?")
        return None
    except UnicodeEncodeError:
        faults.add(shown, 0, r"holds half a character (a lone \ud8…); write the character itself")
        return None
    except ValueError as error:
        faults.add(shown, 0, f"is not JSON: {error}")
        return None
    if not isinstance(model, dict):
        kind = "a list" if isinstance(model, list) else "a plain value"
        faults.add(shown, 0, f"is {kind}; the JSON model of one board is expected, an object")
        return None
    if wrong := _other_format(model):
        faults.add(shown, 0, wrong)
        return None
    _check(model, shown, faults)
    if len(faults) > before:
        return None
    uid, title = model["uid"], model["title"]
    tags = model.get("tags") or []
    return Board(uid, title, folder, dumps(normal({**model, "tags": [*tags, TAG]})), shown)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _other_format(model: Mapping[str, Any]) -> str:
    """What is wrong with a file that Grafana wrote, but not as a board's JSON model."""
    if isinstance(model.get("dashboard"), dict) and "title" not in model:
        return "is an answer of Grafana's API; keep only what stands under `dashboard`"
    if "__inputs" in model or "__requires" in model:
        return (
            "was exported for sharing with another Grafana; export it again with that switch off,"
            " so that it names its data source"
        )
    if ("spec" in model and ("apiVersion" in model or "kind" in model)) or "elements" in model:
        return "is a board of schema 2; save it as the classic JSON model, with `panels`"
    return ""


def _check(model: Mapping[str, Any], shown: str, faults: Faults) -> None:
    uid, title, tags = model.get("uid"), model.get("title"), model.get("tags")
    if not uid:
        faults.add(
            shown,
            0,
            f'has no uid, by which it is found again; add one, such as "uid": {_like(shown)}',
        )
    elif not isinstance(uid, str) or not _UID.fullmatch(uid):
        faults.add(
            shown, 0, f"uid {uid!r} is not 1 to 40 letters, digits, `-` or `_`; Grafana refuses it"
        )
    if not isinstance(title, str) or not title.strip():
        faults.add(shown, 0, 'has no title; add one, such as "title": "Switches"')
    if tags is not None and not _is_list(tags, str):
        faults.add(shown, 0, 'tags are a list of texts, such as "tags": ["switches"]')
    if not _is_list(model.get("panels", []), dict):
        faults.add(shown, 0, "panels are a list of objects; is it the JSON model of a board?")


def _is_list(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _like(shown: str) -> str:
    return json.dumps(re.sub(r"[^A-Za-z0-9_-]+", "-", Path(shown).stem)[:40].strip("-") or "board")


def normal(model: Mapping[str, Any]) -> dict[str, Any]:
    """A board's model as it is compared: the same for what was sent and for what Grafana holds.

    What Grafana counts is left out, and so is what is empty at the top, for some versions add
    such keys; tags are a sorted set; 1.0 is 1, as Grafana writes it.
    """
    kept = {
        key: _plain(value)
        for key, value in model.items()
        if key not in _GRAFANAS and value not in (None, "", [], {})
    }
    if "tags" in kept:
        kept["tags"] = sorted(set(map(str, kept["tags"])))
    return kept


def dumps(model: Any) -> str:
    """A model, or a part of one, as text: the same for the same model."""
    return json.dumps(model, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(part: Any) -> str:
    """What a plan shows of a part of a model that is too long to be shown."""
    return sha256(dumps(part).encode("utf-8", "replace")).hexdigest()[:12]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value
