"""environment.yml and requirements.lock say the same."""

import sys
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checkout import ROOT

sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
from environment import environment, requirements

LOCK = (ROOT / "requirements.lock").read_text()


def pip_section() -> list[str]:
    """What conda hands to pip."""
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][2]["pip"]


def test_it_is_what_make_lock_writes() -> None:
    assert (ROOT / "environment.yml").read_text() == environment(LOCK), "run `make lock`"


def test_it_names_every_package_of_the_lock_with_its_version() -> None:
    # Read the lock in another way than the script does: its entries are the lines that start a package.
    entries = [line.split(" \\")[0] for line in LOCK.splitlines() if line[:1].isalnum()]
    assert [str(Requirement(entry)) for entry in entries] == [str(Requirement(line)) for line in pip_section()]


def test_every_version_is_exact() -> None:
    for line in pip_section():
        assert [s.operator for s in Requirement(line).specifier] == ["=="], line


def test_one_version_of_a_package_on_one_machine() -> None:
    found = [Requirement(line) for line in pip_section()]
    names = [canonicalize_name(r.name) for r in found if r.marker is None or r.marker.evaluate()]
    assert len(names) == len(set(names))
    assert {"torch", "faiss-cpu", "snakemake", "dvc", "pytest"} <= set(names)


def test_channels_and_python() -> None:
    description = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert description["channels"] == ["conda-forge", "nodefaults"]
    assert description["dependencies"][:2] == ["python=3.11", "pip"]


def test_hashes_comments_and_markers() -> None:
    hashes = " \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
    lock = "a==1.0" + hashes + "    # via b\nb==2 ; sys_platform == 'linux'" + hashes
    assert requirements(lock) == ["a==1.0", "b==2 ; sys_platform == 'linux'"]


def test_the_lock_answers_pyproject() -> None:
    pinned = {canonicalize_name(Requirement(line).name): Requirement(line) for line in pip_section()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    for requirement in map(Requirement, wanted):
        version = next(iter(pinned[canonicalize_name(requirement.name)].specifier)).version
        assert requirement.specifier.contains(version), requirement
