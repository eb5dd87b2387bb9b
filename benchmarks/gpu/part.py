"""Run one part in this process and write its record: python -m benchmarks.gpu.part NAME FILE [--tiny]."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    """Write results/gpu/<part>.json, or the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()

    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    from benchmarks.gpu.parts import part_named
    from benchmarks.gpu.size import Size
    from benchmarks.record import record
    from robust_dml.runtime.files import write_json

    size = Size(arguments.device, arguments.tiny)
    write_json(arguments.file, record(part_named(arguments.name).run(size), arguments.device))


if __name__ == "__main__":
    main()
