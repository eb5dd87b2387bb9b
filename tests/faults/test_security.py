"""Nothing is unpickled, no path or name is parsed by a shell, no network is used outside the download rule."""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml

from checkout import ROOT, copy_checkout, run_snakemake
from faults.conftest import refuse_connection
from faults.pipeline import FILE, command, write_study
from miniatures import write_class_folders
from robust_dml.config import load_study
from robust_dml.report.catalogue import figure_names
from robust_dml.report.notebook import name_study

SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.py")])
UNSAFE = {"pickle.load", "pickle.loads", "eval", "exec", "os.system", "os.popen", "yaml.unsafe_load", "marshal.loads"}
CLAIMS = ROOT / "config" / "claims.yaml"
MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></script>{{ 7 * 7 }}"
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


@pytest.fixture
def page(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a study whose texts are hostile, made while nothing can be connected to."""
    monkeypatch.setattr(socket.socket, "connect", refuse_connection)
    write_study(damaged, title=MARKUP)
    claims = [{**claim, "statement": MARKUP, "source": MARKUP} for claim in yaml.safe_load(CLAIMS.read_text())]
    Path("claims.yaml").write_text(yaml.safe_dump(claims))
    for name in figure_names(load_study(Path(FILE))):
        command("figures", FILE, "--only", name)
    command("tables", FILE)
    command("claims", FILE, "--claims", "claims.yaml")
    command("page", FILE, "--claims", "claims.yaml")
    command("status", FILE)
    return Path("results/ci/report.html").read_text(encoding="utf-8")


def test_no_text_of_a_study_becomes_markup_and_no_report_needs_a_connection(page: str) -> None:
    assert not Path("connections").exists()
    elements = Elements()
    elements.feed(page)
    assert page.count("alert(1)") > 10  # title, heading, statements and sources are there, as text
    assert not [tag for tag in elements.tags if tag[0] == "script" and "alert(1)" in tag[2]]
    assert not [tag for tag in elements.tags if "onerror" in tag[1]]
    assert [tag[2].strip() for tag in elements.tags if tag[0] == "h1"] == [MARKUP]


class Elements(HTMLParser):
    """The elements of a page: name, names of attributes, text up to the next element."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs], ""))

    def handle_data(self, data: str) -> None:
        if self.tags:
            tag, names, text = self.tags[-1]
            self.tags[-1] = (tag, names, text + data)


@pytest.mark.slow
def test_no_name_of_a_checkout_a_study_a_folder_or_a_class_is_parsed_by_a_shell(tmp_path: Path) -> None:
    (tmp_path / HOSTILE).mkdir()
    folder = copy_checkout(tmp_path / HOSTILE)
    without_braces = HOSTILE.replace("{d}", "")
    write_study_of_own_images(folder, without_braces)
    (folder / without_braces / "class-0").rename(folder / without_braces / without_braces)
    run = run_snakemake(folder, "data", study=HOSTILE)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    assert without_braces in (folder / "results/ci/data/own.csv").read_text().replace('""', '"')
    assert not list(tmp_path.rglob("executed"))


@pytest.mark.slow
def test_a_folder_of_images_with_braces_in_its_name_is_refused_while_planning(tmp_path: Path) -> None:
    folder = copy_checkout(tmp_path)
    write_study_of_own_images(folder, HOSTILE)
    run = run_snakemake(folder, "data", study=HOSTILE)
    assert run.returncode != 0
    said = f"{HOSTILE}: Snakemake reads braces in a name as a wildcard; rename the folder"
    assert said in run.stdout + run.stderr and "Traceback" not in run.stdout + run.stderr
    assert not (folder / "data").exists()


def write_study_of_own_images(folder: Path, images: str) -> None:
    """Write config/<HOSTILE>.yaml, the ci study on digits and on a folder of own images, into a checkout."""
    write_class_folders(folder / images)
    study = yaml.safe_load((folder / "config/ci.yaml").read_text())
    own = {**study["datasets"]["digits"], "kind": "folder", "folder": images}
    study["datasets"]["own"] = {**own, "optimisation": {"classes_per_batch": 2, "samples_per_class": 2}}
    (folder / f"config/{HOSTILE}.yaml").write_text(yaml.safe_dump(study))


@pytest.mark.parametrize("path", ['a"; print("executed"); "', "a'b\\", "a\nb", "{x}"])
def test_the_path_of_a_study_is_no_code_of_a_notebook(path: str) -> None:
    cell = nbformat.v4.new_code_cell("STUDY = ''", metadata={"tags": ["parameters"]})
    document = nbformat.v4.new_notebook(cells=[cell])
    name_study(document, Path(path))
    (assignment,) = ast.parse(document.cells[0].source).body
    assert isinstance(assignment, ast.Assign) and ast.literal_eval(assignment.value) == path


def test_every_requirement_of_the_lock_has_hashes_and_setup_requires_them() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", lock, flags=re.IGNORECASE) if "==" in entry]
    assert len(entries) > 50
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "pip sync --quiet --require-hashes" in (ROOT / "Makefile").read_text()
