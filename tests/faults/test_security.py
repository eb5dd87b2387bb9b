"""Nothing is unpickled, no path or name is parsed by a shell, no network is used outside the download rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT, copy_checkout, run_snakemake

SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.py")])
UNSAFE = {"pickle.load", "pickle.loads", "eval", "exec", "os.system", "os.popen", "yaml.unsafe_load", "marshal.loads"}
HOSTILE = "a b'c\"$(touch executed);touch executed;{d}"


def calls() -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield every call in the sources: its file, its name, its keyword arguments."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), {str(k.arg): ast.unparse(k.value) for k in node.keywords}


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell() -> None:
    for path, name, keywords in calls():
        assert name not in UNSAFE, path
        assert keywords.get("shell") != "True", path
        assert keywords.get("allow_pickle") != "True", path
        assert name != "torch.load" or keywords.get("weights_only") == "True", path
        assert name != "yaml.load" or keywords.get("Loader") == "_UniqueKeyLoader", path


def test_a_study_is_made_without_any_connection(finished_study: Path) -> None:
    assert (finished_study / "results/ci/metrics.csv").exists()
    assert not (finished_study / "connections").exists()


@pytest.mark.slow
def test_the_name_of_a_checkout_is_never_parsed_by_a_shell(tmp_path: Path) -> None:
    (tmp_path / HOSTILE).mkdir()
    folder = copy_checkout(tmp_path / HOSTILE)
    run = run_snakemake(folder, "results/ci/data/digits.csv")
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    assert (folder / "results/ci/data/digits.csv").exists()
    assert not list(tmp_path.rglob("executed"))


def test_every_requirement_of_the_lock_has_hashes_and_setup_requires_them() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", lock, flags=re.IGNORECASE) if "==" in entry]
    assert len(entries) > 50
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "pip sync --quiet --require-hashes" in (ROOT / "Makefile").read_text()
