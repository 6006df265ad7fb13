#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the script for drgn makes of hostile strings; there need not be a drgn."""
import contextlib
import io
import os
import struct
import sys
import types

sys.dont_write_bytecode = True
sys.modules["drgn"] = types.ModuleType("drgn")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../drgn"))
import crashwatch as cw  # noqa: E402  pylint: disable=wrong-import-position

HEAD = {"time_ns": 5, "on_cpu": 0, "seq": 1, "type": "crash"}


def expect(got, want):
    if got != want:
        sys.exit(f"{got!r}, not {want!r}")


def tail(raw):
    """The slot of a string that is all there is."""
    return len(raw) << 32, raw


def line(**keys):
    return cw._line({**HEAD, **keys}).partition(" crash ")[2]


# It is the kind of a value that says if it is quoted, not what stands in it.
evil = "0x\x1b]0;owned\x07\nforged"
expect(line(comm=evil), r'comm="0x\x1b]0;owned\x07\nforged"')
expect(line(argv=["a\"b\\", evil]), r'argv=["a\"b\\","0x\x1b]0;owned\x07\nforged"]')
expect(line(addr=cw._value("hex", 0xdead0, b"")), "addr=0xdead0")
expect(line(code=cw._value("int", 2**64 - 1, b"")), "code=-1")

# A list whose last item was cut has it all the same.
expect(cw._value("list", *tail(b"sh\0-c\0echo\0")), ["sh", "-c", "echo"])
expect(cw._value("list", *tail(b"sh\0-c\0ec"), True), ["sh", "-c", "ec\u2026"])
expect(cw._value("list", *tail(b"sh\0\0"), False), ["sh", ""])
expect(cw._value("list", *tail(b"")), [])
expect(cw._value("list", *tail(b""), True), ["\u2026"])
expect(cw._value("str", *tail(b"/tmp/\xc3"), True), "/tmp/\u2026")
expect(cw._value("str", *tail(b"/tmp/\xff")), "/tmp/\\xff")

NODE = struct.pack("<I16s", 5, b"sh")
expect(cw._value("tree", *tail(2 * NODE), True), ["5:sh", "5:sh\u2026"])
expect(cw._value("domain", *tail(b"\1\0\0\0init /bin/sh"), True), "init(1) /bin/sh\u2026")

# A record says what was cut, and an entry what was lost before it.
BODY = cw.RECORD.pack(7, 2, 2, 3, 2) + struct.pack("<2Q", 5, 2 << 32) + b"sh" + bytes(6)
DATA = cw.ENTRY.pack(cw.ENTRY.size + len(BODY), 1, 0, 9, 0, 42, 5) + BODY
(GOT,) = cw._ring({7: ("exec", [("pid", "num"), ("comm", "str")])},
                  (128, len(DATA), 0), DATA.ljust(128, b"\0"))
expect(cw._line(GOT).partition(" #")[2], '1.42 exec pid=5 comm="sh\u2026" cut=["comm"] lost=9')

out = io.StringIO()
cw.records = lambda *args, **keys: [{**HEAD, "comm": "sh", "tree": ["5:\x1b[2Jevil\n", "1:init"]}]
with contextlib.redirect_stdout(out):
    cw.cwtree(None)
expect(out.getvalue().split("\n", 1)[1], "1 init\n    \\_ 5 \\x1b[2Jevil\\n\n")
