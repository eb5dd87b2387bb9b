"""`robust-dml completion`: what bash offers after a tab."""

from __future__ import annotations

import subprocess

import pytest

from checkout import ROOT
from robust_dml.cli.main import COMMANDS, main

OFFERED = """
words=(robust-dml "${@:2}")
source "$1"
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
_shtab_robust_dml
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of the script for bash."""
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        assert main(["completion", "bash"]) == 0
    file = tmp_path_factory.mktemp("completion") / "robust-dml.bash"
    file.write_text(printed[0])
    return str(file)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pl"], {"plan"}),
        ([""], set(COMMANDS)),
        (["plan", "d"], {"demo"}),
        (["train", "demo", "--da"], {"--dataset"}),
        (["status", "config/p"], {"config/paper.yaml", "config/photographs.yaml"}),
        (["completion", ""], {"bash", "zsh"}),
    ],
)
def test_bash_offers_commands_studies_and_options(script: str, words: list[str], expected: set[str]) -> None:
    command = ["bash", "-c", OFFERED, "bash", script, *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert expected <= set(ended.stdout.splitlines())


def test_a_shell_without_a_script_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["completion", "csh"])
    assert "invalid choice: 'csh' (choose from" in capsys.readouterr().err
