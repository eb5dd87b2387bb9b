"""From a YAML file to a checked study; every mistake becomes one line that names its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from robust_dml.config.study import Study
from robust_dml.registry import find_modules_in
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import explain
from robust_dml.runtime.suggestion import did_you_mean


def load_study(path: Path) -> Study:
    """Read and check a study; modules beside it can be named in it as `module:NAME`.

    Raises UserError that names the file, the place in the YAML and the mistake.
    """
    content = read_yaml(path, "the study", hint="" if path.exists() else _known_studies(path))
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UserError(f"{path}: a study is a mapping of keys to values, such as `name: demo`")
    find_modules_in(path.parent, Path.cwd())
    try:
        return Study(**content)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}") from error


def _known_studies(path: Path) -> str:
    """Return which studies config/ has, and which of them `path` may mean."""
    files = sorted(Path("config").glob("*.yaml"))
    names = [file.stem for file in files if re.search("^name:", file.read_text(encoding="utf-8"), re.MULTILINE)]
    if not names:
        return "go to the folder that has config/, or give the path of a YAML file"
    return f"config/ has {', '.join(names)}{did_you_mean(path.stem, names)}"


def read_yaml(path: Path, what: str, *, hint: str = "") -> Any:
    """Read a YAML file, refusing a key that is given twice. Raises UserError in one line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        raise UserError(f"{path}: cannot read {what}: {error.strerror}{'; ' if hint else ''}{hint}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: cannot read {what}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice; YAML itself would silently keep the last value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | None):
                raise yaml.MarkedYAMLError(problem="a key must be a name", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"duplicate key {key!r}", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)
