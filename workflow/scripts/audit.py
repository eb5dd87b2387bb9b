"""Compare the versions in requirements.lock with the known vulnerabilities: make audit-dependencies.

Ends with 1, and a line for each, if a version has any; with 1 and one line if the data cannot be reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

UV = Path(sys.executable).with_name("uv")
COMMAND = ["tool", "run", "--quiet", "pip-audit", "--require-hashes", "--disable-pip", "--format", "json"]


def main(lock: Path) -> None:
    """Print what is known of the versions in a lock."""
    ended = subprocess.run([str(UV), *COMMAND, "--requirement", str(lock)], capture_output=True, text=True)
    try:
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = ended.stderr.strip().splitlines()[-1:] or ["no answer"]
        sys.exit(f"audit: nothing was compared, the list of vulnerabilities cannot be reached: {reason[0].strip()}")
    found = [line for package in packages for line in vulnerabilities(package)]
    print(*found, f"{len(packages)} versions in {lock}, {len(found)} known vulnerabilities", sep="\n")
    sys.exit(bool(found))


def vulnerabilities(package: dict[str, Any]) -> list[str]:
    """Return a line for each known vulnerability of a version."""
    name = f"{package['name']} {package.get('version', '')}"
    return [
        f"{name}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for known in package.get("vulns", [])
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
