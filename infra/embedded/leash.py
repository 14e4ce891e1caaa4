"""The first program of every embedded server's process: it ties the server to its parent, then becomes it.

Run as a script by ``process.ChildProcess``; stdlib only. A ``preexec_fn`` could do the same, but runs
Python between fork and exec of a threaded process, which may deadlock.

Arguments: the parent's pid, the signal to receive when the parent dies, who to become (``same``,
``namespaced`` or ``nobody``), then the command.
"""

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def enter_user_namespace() -> None:
    """Be ``nobody`` to the server and root to the file system.

    PostgreSQL refuses to run as root. In a namespace that maps ``nobody`` onto us the server sees an
    ordinary user, while every file keeps its owner and stays reachable.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def become_nobody() -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def die_with(parent: int, signal: int) -> None:
    """Ask the kernel for ``signal`` when ``parent`` ends; nothing to ask where there is no prctl (macOS)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died before the server began")


def main(arguments: list[str]) -> None:
    """Become the server. The order matters: changing the user clears the parent-death signal."""
    parent, signal, user, *command = arguments
    if user == "namespaced":
        enter_user_namespace()
    elif user == "nobody":
        become_nobody()
    die_with(int(parent), int(signal))
    os.execv(command[0], command)  # noqa: S606  the command is the embedded server's own


if __name__ == "__main__":
    main(sys.argv[1:])
