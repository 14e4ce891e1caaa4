"""Audits every locked dependency for known vulnerabilities, and says how many could really be asked about.

pip-audit ends green when its advisory service cannot be reached, as if all were well; here that is told apart.
"""

import json
import subprocess
import sys
from pathlib import Path

SECONDS = 600


def audit(requirements: Path) -> int:
    """Run pip-audit on a requirements file and return the exit status.

    0: nothing is known against what could be asked about (which is printed, and may be nothing on a machine without
    the advisory service); 1: something is known, each with the version that mends it; 2: pip-audit itself failed.
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
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit failed:\n{done.stderr.strip()}")
        return 2
    skipped = [dependency for dependency in found if "skip_reason" in dependency]
    vulnerable = [dependency for dependency in found if dependency.get("vulns")]
    for dependency in vulnerable:
        for flaw in dependency["vulns"]:
            mended = ", ".join(flaw["fix_versions"]) or "no version yet"
            print(f"{dependency['name']} {dependency['version']}: {flaw['id']}, mended in {mended}")
    print(f"Audited {len(found) - len(skipped)} of {len(found)} dependencies, {len(vulnerable)} vulnerable.")
    if skipped:
        print(f"{len(skipped)} could not be audited: the advisory service does not answer for them from this machine.")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))
