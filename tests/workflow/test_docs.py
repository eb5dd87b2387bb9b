"""The documentation builds without warnings, and what it tells a reader to type works."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from checkout import ROOT
from robust_dml.cli.main import COMMANDS

sys.path.insert(0, str(ROOT / "docs"))
import build

TOOLS = Path(sys.executable).parent
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in build.pages()}
BLOCKS = [(name, info, text) for name, page in PAGES.items() for info, text in build.blocks(page)]


def with_blocks(language: str) -> list[str]:
    """The pages that have a block of a language."""
    return sorted({name for name, info, _ in BLOCKS if info.split()[:1] == [language]})


def environment(folder: Path) -> dict[str, str]:
    """The tools of this environment on the PATH, a git identity, and DVC's remotes below `folder`."""
    git = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"}
    return {**os.environ, **git, "PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": str(folder / "src")}


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
        [sys.executable, "-"], input=code, cwd=checkout, env=environment(checkout), text=True, capture_output=True
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", with_blocks("sh"))
def test_shell_examples(checkout: Path, name: str) -> None:
    examples = [(info, text) for page, info, text in BLOCKS if page == name and info[:2] == "sh"]
    if any(info == "sh repository" for info, _ in examples):
        make_repository(checkout)
    for _, text in examples:
        shell = ["bash", "-euo", "pipefail", "-c", text]
        run = subprocess.run(shell, cwd=checkout, env=environment(checkout), text=True, capture_output=True)
        assert run.returncode == 0, text + (run.stdout + run.stderr)[-3000:]


def make_repository(folder: Path) -> None:
    """Put the finished study into git and DVC."""
    for part in (".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore", "dvc.yaml"):
        (folder / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, folder / part)
    for command in ("git init -q", "dvc repro -q report@ci", "git add -A", "git commit -qm state"):
        subprocess.run(command.split(), cwd=folder, env=environment(folder), check=True, capture_output=True)


@pytest.mark.parametrize("name", with_blocks("yaml"))
def test_yaml_examples(name: str) -> None:
    for page, info, text in BLOCKS:
        assert (page, info) != (name, "yaml") or yaml.safe_load(text) is not None, text


def test_commands_that_are_mentioned_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for name, info, code in BLOCKS:
        if info[:2] in ("", "sh"):
            commands = re.findall(r"^(?:\S*/)?robust-dml ([a-z][a-z-]+)", code, flags=re.MULTILINE)
            assert set(commands) <= set(COMMANDS), name
            assert set(re.findall(r"^make ([a-z-]+)", code, flags=re.MULTILINE)) <= set(targets), name


def test_files_that_are_mentioned_exist() -> None:
    pattern = r"\b(?:config|workflow|profiles|tests|benchmarks|notebooks|docs)/[\w./-]*\w"
    for name, page in PAGES.items():
        for path in re.findall(pattern, page):
            assert (ROOT / path).exists() or (ROOT / "docs" / path).exists() or "src/" in path, f"{name}: {path}"


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
