"""First program of every embedded server's process: it ties the process to its parent, then executes the server.

``process.ChildProcess`` runs it as a script; standard library only. A ``preexec_fn`` could do the same, but it runs
Python between fork and exec of a threaded process, which may deadlock.

Arguments: the parent's pid, the signal to receive when the parent dies, the user (``same``, ``namespaced`` or
``unprivileged``), then the command.
"""

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
SECBIT_KEEP_CAPS = 1 << 4
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWUSER = 0x10000000
UNPRIVILEGED_ID = 65534
"""Id of the unprivileged user and group on Linux."""


def enter_user_namespace() -> None:
    """Enter a namespace where the server has an unprivileged user, but the file system sees root.

    PostgreSQL refuses to run as root. The namespace maps the unprivileged user to the current one: the server sees an ordinary user,
    and every file keeps its owner and stays accessible.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED_ID} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED_ID} {group} 1")


def become_unprivileged() -> None:
    """Give up root permanently, except for the right to enter every folder.

    The program and the data may be below a folder that only root may enter (``/root``, a private checkout). The right is an
    ambient capability, so it survives ``exec``. Files of other users stay read-only, unless the machine grants only the
    stronger right (a container does).
    """
    capability = _first_of(CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
    if capability is not None:
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        # PostgreSQL calls access(2), which ignores the capabilities of all users but root unless this bit is set.
        libc.prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(UNPRIVILEGED_ID)
    os.setuid(UNPRIVILEGED_ID)
    if capability is not None:
        _keep_only(capability)


def may_enter_any_folder() -> bool:
    """Whether this process has a right to enter every folder that :func:`become_unprivileged` can keep."""
    return _first_of(CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) is not None


def _first_of(*capabilities: int) -> int | None:
    """Return the first of these capabilities that the process has; None if it has none."""
    if not sys.platform.startswith("linux"):
        return None
    header, rights = _Header(CAPABILITY_VERSION_3, 0), (_Rights * 2)()
    if ctypes.CDLL(None).capget(ctypes.byref(header), rights):
        return None
    return next((right for right in capabilities if rights[0].permitted >> right & 1), None)


def _keep_only(right: int) -> None:
    """Give up every capability but one, and keep that one over ``exec`` if the kernel allows it."""
    header, rights = _Header(CAPABILITY_VERSION_3, 0), (_Rights * 2)()
    rights[0] = _Rights(1 << right, 1 << right, 1 << right)
    libc = ctypes.CDLL(None)
    if libc.capset(ctypes.byref(header), rights):
        raise OSError("capset")  # do not continue with all capabilities of root
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, right, 0, 0)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Rights(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def die_with(parent: int, signal: int) -> None:
    """Request ``signal`` from the kernel for the end of ``parent``. No-op without prctl (macOS)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died before the server began")


def main(arguments: list[str]) -> None:
    """Execute the server. The order matters: a change of the user clears the parent-death signal."""
    parent, signal, user, *command = arguments
    if user == "namespaced":
        enter_user_namespace()
    elif user == "unprivileged":
        become_unprivileged()
    die_with(int(parent), int(signal))
    os.execv(command[0], command)  # noqa: S606  the command is the embedded server's own


if __name__ == "__main__":
    main(sys.argv[1:])
