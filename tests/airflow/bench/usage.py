"""Memory and processor time of trees of processes, from /proc."""

from __future__ import annotations

import os
import pathlib

PROC = pathlib.Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def fields(pid: int) -> list[str]:
    """What follows the name in `stat`: state, parent, process group, session, ..."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def tree(roots: list[int]) -> list[int]:
    """The processes below the roots, and those."""
    below: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            below.setdefault(int(fields(int(entry.name))[1]), []).append(int(entry.name))
        except OSError:
            continue
    found, open_ends = [], list(roots)
    while open_ends:
        pid = open_ends.pop()
        found.append(pid)
        open_ends += below.get(pid, [])
    return found


def cpu_s(pids: list[int]) -> float:
    """Processor time that they and their children that are gone have used."""
    ticks = 0
    for pid in pids:
        try:
            ticks += sum(map(int, fields(pid)[11:15]))
        except OSError:
            continue
    return ticks / TICKS_PER_S


def rollup_kib(pid: int, *names: str) -> int:
    """The sum of these lines of its memory's summary."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split(":")[0] in names)


def pss_mib(pids: list[int]) -> float:
    """What they take of the machine, shared pages divided among those who share them."""
    return sum(rollup_kib(pid, "Pss") for pid in pids) / 1024


def uss_mib(pid: int) -> float:
    """What would be free again if this one alone ended."""
    return rollup_kib(pid, "Private_Clean", "Private_Dirty") / 1024


def with_word(word: str) -> list[int]:
    """The processes that have this among their arguments."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            if any(word in part for part in (entry / "cmdline").read_text().split("\0")):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
