"""The tables and figures of a study for a LaTeX paper, each with the command and the revision that made it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robust_dml.config import Study
from robust_dml.report.catalogue import figure_names
from robust_dml.report.figures import caption
from robust_dml.report.renderers import escape, to_latex
from robust_dml.report.table import Table
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.provenance import revision

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs,graphicx}
\usepackage[margin=2cm]{geometry}
\begin{document}
%s
\end{document}
"""


@dataclass(frozen=True)
class Source:
    """What the numbers of a bundle come from."""

    study_file: Path
    metrics: Path

    def line(self, command: str) -> str:
        """Return the LaTeX line below a table or figure: its command, the revision, the hash of the metrics."""
        made = f"{command}; revision {revision()[:12]}; {self.metrics.name} {sha256_of(self.metrics)[:12]}"
        return rf"\par\smallskip{{\raggedright\scriptsize\texttt{{{escape(made)}}}\par}}"


def latex_files(study: Study, source: Source, tables: list[Table]) -> Iterator[tuple[str, str]]:
    """Yield each file of the bundle, by its path in it, with its text; `paper.tex` includes the others."""
    study_file = shlex.quote(str(source.study_file))
    parts = {
        f"tables/{table.name}.tex": _table(table, source.line(f"robust-dml tables {study_file}")) for table in tables
    }
    for name in figure_names(study):
        line = source.line(f"robust-dml figures {study_file} --only {name}")
        parts[f"figures/{name}.tex"] = _figure(name, caption(study, name), line)
    yield from parts.items()
    yield "paper.tex", DOCUMENT % "\n".join(rf"\input{{{path.removesuffix('.tex')}}}" for path in parts)


def _table(table: Table, line: str) -> str:
    head, end, rest = to_latex(table).rpartition(r"\end{table}")
    return f"{head}{line}\n{end}{rest}"


def _figure(name: str, text: str, line: str) -> str:
    lines = [
        r"\begin{figure}",
        r"\centering",
        rf"\includegraphics[width=\textwidth]{{figures/{name}.pdf}}",
        rf"\caption{{{escape(text)}}}",
        rf"\label{{fig:{name}}}",
        line,
        r"\end{figure}",
    ]
    return "\n".join(lines) + "\n"
