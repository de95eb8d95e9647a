"""Stands in for the zygote and for upstream in tests: the same control protocol, a task that does
what the variable SCRIPT says. No Airflow is needed."""

import json
import os
import select
import signal
import socket
import struct
import sys
import time


def pack(v):
    if v is None:
        return b"\xc0"
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        return b"\xd3" + struct.pack(">q", v)
    if isinstance(v, float):
        return b"\xcb" + struct.pack(">d", v)
    if isinstance(v, str):
        b = v.encode()
        return b"\xdb" + struct.pack(">I", len(b)) + b
    if isinstance(v, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(v)) + b"".join(map(pack, v))
    return b"\xdf" + struct.pack(">I", len(v)) + b"".join(pack(k) + pack(x) for k, x in v.items())


def unpack(b, i=0):
    t = b[i]
    i += 1
    if t < 0x80:
        return t, i
    if t >= 0xE0:
        return t - 256, i
    if t < 0x90:
        return many(b, i, t & 15, True)
    if t < 0xA0:
        return many(b, i, t & 15, False)
    if t < 0xC0:
        return b[i : i + (t & 31)].decode(), i + (t & 31)
    if t in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[t], i
    for code, form in ((0xCA, "f"), (0xCB, "d"), (0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q")):
        if t == code:
            n = struct.calcsize(form)
            return struct.unpack(">" + form, b[i : i + n])[0], i + n
    for code, form in ((0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q")):
        if t == code:
            n = struct.calcsize(form)
            return struct.unpack(">" + form, b[i : i + n])[0], i + n
    for code, n in ((0xD6, 4), (0xD7, 8)):
        if t == code:
            return ["ext", b[i], b[i + 1 : i + 1 + n].hex()], i + 1 + n
    for code, w in ((0xD9, 1), (0xDA, 2), (0xDB, 4)):
        if t == code:
            n = int.from_bytes(b[i : i + w], "big")
            return b[i + w : i + w + n].decode(), i + w + n
    for code, w, is_map in ((0xDC, 2, False), (0xDD, 4, False), (0xDE, 2, True), (0xDF, 4, True)):
        if t == code:
            return many(b, i + w, int.from_bytes(b[i : i + w], "big"), is_map)
    raise ValueError(hex(t))


def many(b, i, n, is_map):
    items = []
    for _ in range(2 * n if is_map else n):
        item, i = unpack(b, i)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if is_map else items), i


class Task:
    """What a test's script calls."""

    def __init__(self, fds):
        self.requests, self.out, self.err, self.logs = fds
        self.sock = socket.socket(fileno=self.requests)
        self.n = 0
        self.fds = []

    def frame(self):
        data, head = b"", b""
        while len(head) < 4:
            if not (got := self.recv(4 - len(head))):
                os._exit(3)
            head += got
        size = int.from_bytes(head, "big")
        while len(data) < size:
            if not (got := self.recv(size - len(data))):
                os._exit(3)
            data += got
        return unpack(data)[0]

    def recv(self, n):
        data, fds, _, _ = socket.recv_fds(self.sock, n, 4)
        self.fds += fds
        return data

    def ask(self, kind, **body):
        self.n += 1
        body = pack([self.n, {"type": kind, **body}])
        self.raw(len(body).to_bytes(4, "big") + body)
        answer = self.frame()
        assert answer[0] == self.n, answer
        return answer[1:]

    def raw(self, data):
        self.sock.sendall(data)

    def log(self, **record):
        os.write(self.logs, json.dumps(record).encode() + b"\n")

    def succeed(self):
        return self.ask("SucceedTask", end_date="2026-01-02T03:04:05Z")


def child(op, fds):
    task = Task(fds)
    os.dup2(fds[1], 1)
    os.dup2(fds[2], 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    first = task.frame()
    names = {"task": task, "first": first[1], "os": os, "sys": sys, "time": time}
    names |= {"signal": signal, "json": json, "op": op, "pack": pack}
    try:
        exec(os.environ.get("SCRIPT") or f"run_{op}()", names | {f"run_{op}": lambda: default(op, task)})
    except SystemExit as end:
        os._exit(end.code or 0)
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)
    os._exit(0)


def default(op, task):
    if op == "task":
        task.succeed()


def main():
    if os.environ.get("BROKEN"):
        sock = socket.socket(fileno=int(sys.argv[1]))
        sock.send(json.dumps({"broken": "Traceback: no airflow"}).encode())
        return
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    messages = json.loads(os.environ.get("MESSAGES", "{}"))
    ready = {"ready": 1, "python": "3", "airflow": "0", "messages": messages, "pid": os.getpid()}
    control.send(json.dumps(ready).encode())
    serve(control)


def keep(dag, control):
    """Keeps a file that is there and can be kept."""
    if dag["file"].endswith("harmful.py"):
        os.kill(os.getpid(), 9)
    if not os.path.exists(dag["file"]):
        control.send(json.dumps({"unkept": "cannot be read"}).encode())
        os._exit(0)
    control.send(json.dumps({"ready": 1, "pid": os.getpid()}).encode())
    serve(control, dag["file"])
    os._exit(0)


def serve(control, kept=None):
    waits = select.poll()
    waits.register(control, select.POLLIN)
    children = {}
    say = lambda answer: control.send(json.dumps(answer).encode())
    while True:
        for ready, _ in waits.poll():
            if ready != control.fileno():
                number, pid = children.pop(ready)
                waits.unregister(ready)
                os.close(ready)
                _, status, used = os.wait4(pid, 0)
                say({"id": number, "status": status, "cpu_us": 1, "max_rss_kib": used.ru_maxrss})
                continue
            data, fds, _, _ = socket.recv_fds(control, 1 << 20, 4)
            if not data:
                return
            ask = json.loads(data)
            env = ask.get("env") or {}
            if "REFUSE" in env:
                say({"id": ask["id"], "refused": env["REFUSE"]})
                continue
            if kept and not os.path.exists(kept):
                say({"id": ask["id"], "stale": kept})
                continue
            if "STUCK" in env:
                time.sleep(3600)
            if (pid := os.fork()) == 0:
                os.setpgid(0, 0)
                control.close()
                os.environ.update(env)
                if ask["op"] == "keep":
                    keep(ask["dag"], socket.socket(fileno=fds[0]))
                child(ask["op"], fds)
            for fd in fds:
                os.close(fd)
            pidfd = os.pidfd_open(pid)
            children[pidfd] = (ask["id"], pid)
            waits.register(pidfd, select.POLLIN)
            say({"id": ask["id"], "pid": pid})


main()
