"""Fleets of a test's own, and the processes that belong to one."""

import shutil

import psutil

from testfleet.local.fleet import Fleet
from testfleet.local.home import FleetHome


def new_fleet(root, other):
    """A fleet whose home is empty but for the other's synthesised application, to save its time."""
    home = FleetHome(root)
    home.prepare()
    shutil.copytree(other.home.assemblies, home.assemblies)
    return Fleet(home)


def end(fleet):
    """Stop the fleet for good: its working copies, which lie elsewhere, go too."""
    fleet.down()
    shutil.rmtree(fleet.home.work_root, ignore_errors=True)


def processes_of(fleet):
    """Processes that were started by the fleet's daemon, and itself: they know its folder."""
    root = str(fleet.home.root)
    return [process.pid for process in psutil.process_iter() if _knows(process, root)]


def _knows(process, root):
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return root in " ".join(process.cmdline()) or root in process.environ().get("TMPDIR", "")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
