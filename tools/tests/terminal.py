#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What crashwatch does on a terminal: terminal.py CRASHWATCH PLAIN HOSTILE."""
import os
import pty
import sys

cw, plain, hostile = sys.argv[1:]


def run(args, **environment):
    """Run crashwatch on a new terminal. Returns its status and its output."""
    pid, fd = pty.fork()
    if pid == 0:
        env = dict(os.environ, TERM="xterm")
        env.update(environment)
        os.execve(cw, [cw] + args, env)
    output = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


def expect(what, holds, got):
    if not holds:
        sys.exit(f"{what}: {got}")


got = run(["info", "-i", plain, "--no-pager"])
expect("colour", got[0] == 0 and b"\x1b[1;31m" in got[1], got)
for args, env in (["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}):
    got = run(["list", "-i", plain, "--no-pager"] + args, **env)
    expect("no colour", got[0] == 0 and b"\x1b" not in got[1], got)
got = run(["log", "--json", "-i", plain, "--no-pager"])
expect("no colour in JSON", got[0] == 0 and b"\x1b" not in got[1], got)

got = run(["log", "-i", plain], PAGER="sed 's/^/paged: /'")
expect("pager", got[0] == 0 and got[1].count(b"paged: ") == 8, got)
got = run(["log", "-i", plain, "--no-pager"], PAGER="sed 's/^/paged: /'")
expect("no pager", got[0] == 0 and b"paged: " not in got[1], got)
got = run(["log", "-i", plain], PAGER="true")
expect("a pager that ends at once", got[0] in (0, -13), got)
got = run(["log", "-i", plain], PAGER="no-such-pager -x")
expect("a pager that is not there", got[0] == 5 and b"the pager cannot be run" in got[1], got)
# It sends ^C to all when everything was written.
got = run(["log", "-i", plain], PAGER="trap '' INT; sed 's/^/paged: /'; kill -INT 0; echo lives")
expect("^C under the pager", got[0] == 0 and got[1].count(b"paged: ") == 8 and b"lives" in got[1], got)
got = run(["log", "-i", plain], PAGER="")
expect("an empty pager", got[0] == 0 and b"crash" in got[1], got)

got = run(["log", "--raw", "-i", plain])
expect("--raw is refused", got[0] == 2 and b"not for a terminal" in got[1], got)

for args in (["log"], ["log", "--json"], ["list"], ["info", "#0.1"], ["tree"]):
    got = run(args + ["-i", hostile, "--no-pager", "--no-color"])
    expect("control characters", got[0] == 0 and not any(
        byte < 32 and byte not in b"\r\n" or byte == 127 for byte in got[1]), got)
    text = got[1].decode()
    expect("C1 control characters", not any(0x80 <= ord(c) < 0xa0 for c in text), got)
