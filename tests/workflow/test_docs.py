"""The documentation builds without warnings, and what it tells a reader to type works."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from checkout import ROOT
from repository import checked, environment
from robust_dml.cli.main import COMMANDS

sys.path.insert(0, str(ROOT / "docs"))
import build

PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in build.pages()}
BLOCKS = [(name, info, text) for name, page in PAGES.items() for info, text in build.blocks(page)]


PRINTED = re.compile(r"^```python\n(.*?)^```\n\nprints\n\n```\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


OWN_TESTS = {
    "docs/attacks.md": "tests/attacks/test_docs.py",
    "docs/audit.md": "tests/auditing/test_docs.py",
    "docs/datasets.md": "tests/data/test_docs.py",
    "docs/results.md": "tests/report/test_recipes.py",
    "docs/training.md": "tests/training/test_docs.py",
}


def with_blocks(language: str) -> list[str]:
    """The pages that have a block of a language and no tests of their own that run it."""
    assert all((ROOT / file).exists() for file in OWN_TESTS.values())
    return sorted({name for name, info, _ in BLOCKS if info == language} - set(OWN_TESTS))


def test_it_builds_without_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(tmp_path) == 0, capsys.readouterr().out
    assert (tmp_path / "docs/workflow.html").exists()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("# A\n[b](nowhere.md)\n", "broken link nowhere.md"),
        ("# A\n[b](#there)\n", "broken link #there"),
        ("# A\n### B\n", "skips a level"),
        ("A\n", "one title"),
        ("# A\n```perl\n1\n```\n", "unknown language 'perl'"),
    ],
)
def test_the_build_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, warning: str) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(text)
    (found,) = build.warnings_of(tmp_path / "page.md")
    assert warning in found


@pytest.mark.parametrize("name", with_blocks("python"))
def test_python_examples(checkout: Path, name: str) -> None:
    code = "\n".join(text for page, info, text in BLOCKS if (page, info) == (name, "python"))
    run = subprocess.run(
        [sys.executable, "-"], input=code, cwd=checkout, env=environment(), text=True, capture_output=True
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if PRINTED.search(text)])
def test_what_python_examples_print(checkout: Path, name: str) -> None:
    for code, printed in PRINTED.findall(PAGES[name]):
        assert checked(checkout, sys.executable, "-c", code) == printed


def test_the_plan_on_the_page_is_the_plan(checkout: Path) -> None:
    plan = checked(checkout, sys.executable, "-m", "robust_dml", "plan", "config/paper.yaml")
    assert f"```\n{plan}```" in PAGES["docs/cost.md"], "robust-dml plan config/paper.yaml prints something else now"


@pytest.mark.parametrize("name", with_blocks("sh"))
def test_shell_examples(recorded: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(recorded, tmp_path / "checkout", symlinks=True)
    examples = [text for page, info, text in BLOCKS if (page, info) == (name, "sh")]
    for text in examples:
        checked(tmp_path / "checkout", "bash", "-euo", "pipefail", "-c", text)


@pytest.mark.parametrize("name", sorted({name for name, info, _ in BLOCKS if info == "yaml"}))
def test_yaml_examples(name: str) -> None:
    for page, info, text in BLOCKS:
        assert (page, info) != (name, "yaml") or yaml.safe_load(text) is not None, text


def test_commands_that_are_mentioned_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for name, info, code in BLOCKS:
        if info in ("", "sh"):
            commands = re.findall(r"^(?:\S*/)?robust-dml ([a-z][a-z-]+)", code, flags=re.MULTILINE)
            assert set(commands) <= set(COMMANDS), name
            assert set(re.findall(r"^make ([a-z-]+)", code, flags=re.MULTILINE)) <= set(targets), name


def test_files_that_are_mentioned_exist() -> None:
    pattern = r"\b(?:config|workflow|profiles|tests|benchmarks|notebooks|docs)/[\w./-]*\w"
    folders = [ROOT, ROOT / "docs", ROOT / "src" / "robust_dml"]
    for name, page in PAGES.items():
        for path in set(re.findall(pattern, page)) - {
            "config/my_images.py",
            "config/mine.yaml",
        }:  # a recipe's own files
            assert any((folder / path).exists() for folder in folders), f"{name}: {path}"


def test_container_installs_as_make_setup_does() -> None:
    recipe, makefile = (ROOT / "Dockerfile").read_text(), (ROOT / "Makefile").read_text()
    (sync,) = re.findall(r"uv pip sync .*? requirements\.lock", makefile)
    (container,) = re.findall(r"uv pip sync .*? requirements\.lock", recipe)
    assert set(container.split()) - {"--no-cache"} >= set(sync.replace("$(BIN)", ".venv/bin").split())
    assert (ROOT / ".dockerignore").read_text().splitlines()[-2:] == ["*", "!requirements.lock"]


def test_citation_names_version_and_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == project["version"] and citation["license"] == project["license"]
    assert "2102.07265" in citation["references"][0]["url"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_modules_that_are_mentioned_exist() -> None:
    import robust_dml
    from robust_dml.runtime.source_code import source_of

    others = {"CHANGELOG.md": "names modules of earlier versions"}
    files = [ROOT / "profiles" / "slurm" / "config.yaml", *(ROOT / name for name in PAGES if name not in others)]
    for file in files:
        for name in re.findall(r"\brobust_dml(?:\.[a-z_0-9]+)+", file.read_text(encoding="utf-8")):
            parts = name.split(".")
            found = [".".join(parts[:count]) for count in range(2, len(parts) + 1)]
            of_the_face = hasattr(robust_dml, parts[1])  # such as the function robust_dml.audit
            assert of_the_face or any(source_of(module) for module in found), f"{file.name}: {name}"


def test_paths_of_the_code_that_are_mentioned_exist() -> None:
    """Such as `training/forward.py`, below src/robust_dml or from the root."""
    others = {"config/my_images.py", "pkgs/datasets/visualphish.py"}  # of a recipe, of the released code
    for name in set(PAGES) - {"CHANGELOG.md"}:
        for path in set(re.findall(r"`([a-z_]+/[\w/]+\.(?:py|csv))`", PAGES[name])) - others:
            assert (ROOT / path).exists() or (ROOT / "src" / "robust_dml" / path).exists(), f"{name}: {path}"
