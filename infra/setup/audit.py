"""Audit of every locked dependency for known vulnerabilities, with the number of dependencies that could be audited.

pip-audit succeeds if its advisory service is unreachable. This script reports that case.
"""

import json
import subprocess
import sys
from pathlib import Path

SECONDS = 600


def audit(requirements: Path) -> int:
    """Run pip-audit on a requirements file and return the exit status.

    0: no vulnerability is known. The output has the number of audited dependencies, which is zero if the advisory service is
    unreachable. 1: vulnerabilities are known; each is printed with the fixed version. 2: pip-audit failed.
    """
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(requirements),
            "--disable-pip",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit failed:\n{done.stderr.strip()}")
        return 2
    skipped = [dependency for dependency in dependencies if "skip_reason" in dependency]
    vulnerable = [dependency for dependency in dependencies if dependency.get("vulns")]
    for dependency in vulnerable:
        for flaw in dependency["vulns"]:
            fixed = ", ".join(flaw["fix_versions"]) or "no version yet"
            print(f"{dependency['name']} {dependency['version']}: {flaw['id']}, fixed in {fixed}")
    print(
        f"Audited {len(dependencies) - len(skipped)} of {len(dependencies)} dependencies, {len(vulnerable)} vulnerable."
    )
    if skipped:
        print(f"{len(skipped)} could not be audited: the advisory service did not answer for them.")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))
