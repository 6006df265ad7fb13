#!/usr/bin/env drgn
# SPDX-License-Identifier: GPL-2.0
"""crashwatch in drgn: the records in a crash dump, or in the live kernel.

    drgn -c vmcore crashwatch.py [-a ADDRESS] [log|incidents|tree] [TYPE...]

or, at drgn's prompt:

    >>> from crashwatch import cwlog, cwtree
    >>> cwlog(prog)                     # all records; cwlog(prog, "crash", "reboot") some
    >>> cwtree(prog)                    # who was whose parent at the newest incident
    >>> for record in records(prog): ...

No debug information is needed: physical memory is read, the rings describe themselves, and what the
records hold is told by the table that lies behind the block. ADDRESS is the one that the kernel
log tells ("crashwatch: block at 0x..."); without it the block is searched for.
"""

import argparse
import struct
import sys

MAGIC = b"crashwatch block"
CPU_MAGIC = b"cw-cpu\n\0"
ABI = 1
PAGE = 4096
# As Documentation/format.rst has them
BLOCK = struct.Struct("<16sIIQIIq40s16sIIIIIIIIII")
CPU = struct.Struct("<8sIIQQQII")
RING = struct.Struct("<QQQQQII")
ENTRY = struct.Struct("<IHHIIQQ")
RECORD = struct.Struct("<HHIQQ")
COUNTERS = 32
RINGS = 2
PADDING = 1
MOST_CPUS = 65536
MOST_BYTES = 16 << 20

FaultError = getattr(__import__("drgn"), "FaultError", OSError)


class Address(int):
    """A number that is told in hexadecimal."""

    def __str__(self):
        return hex(self)


class Damaged(Exception):
    """What is in memory is not what the module writes."""


def _read(prog, address, size):
    """size bytes of physical memory, which may cross pages that are not in the dump."""
    return prog.read(address, size, physical=True)


def _block_at(prog, address):
    head = BLOCK.unpack(_read(prog, address, BLOCK.size))
    names = ("magic", "abi", "bytes", "phys", "page_size", "cpus", "realtime_offset_ns",
             "boot_id", "version", "entry_bytes", "record_bytes", "cpu_bytes", "fields_off",
             "fields_len", "counters_off", "counters_len", "layout_off", "layout_len", "reserved")
    block = dict(zip(names, head))
    if block["magic"] != MAGIC or block["phys"] != address:
        raise Damaged(f"there is no block at {address:#x}")
    if block["abi"] != ABI:
        raise Damaged(f"its layout is {block['abi']}, and this script knows {ABI} only")
    if block["cpus"] > MOST_CPUS or not BLOCK.size < block["bytes"] <= MOST_BYTES:
        raise Damaged("the block says impossible things")
    data = _read(prog, address, block["bytes"])
    block["cpu"] = struct.unpack_from(f"<{block['cpus']}Q", data, BLOCK.size)
    table = data[block["fields_off"]:block["fields_off"] + block["fields_len"] - 1]
    block["types"] = {}
    for line in table.decode("ascii").splitlines():
        number, name, *keys = line.split()
        block["types"][int(number)] = (name, [tuple(key.lower().split(":")) for key in keys])
    return block


def _search(prog):
    # The memory that the dump has is nowhere told in a way that does not need debug
    # information; past its end nothing can be read any more.
    missing, address = 0, 0
    while missing < 1 << 20:
        try:
            if _read(prog, address, len(MAGIC)) == MAGIC:
                return _block_at(prog, address)
            missing = 0
        except FaultError:
            missing += 1
        except Damaged:
            pass
        address += PAGE
    raise Damaged("there is no block in this memory: was the module loaded?")


def block(prog, address=None):
    """The root, as a dictionary."""
    return _search(prog) if address is None else _block_at(prog, address)


def _ring_data(prog, pages):
    parts = []
    for page in pages:
        try:
            parts.append(_read(prog, page, PAGE))
        except FaultError:
            parts.append(bytes(PAGE))  # not in the dump: its records do not parse
    return b"".join(parts)


def _string(raw, cut=False):
    # What was cut may end within a character.
    return raw.decode("utf-8", "ignore" if cut else "backslashreplace") + "\u2026" * cut


def _list(raw, cut):
    parts = raw.split(b"\0")
    if not parts[-1] and not (cut and not raw):
        parts.pop()
    return [_string(part, cut and number == len(parts)) for number, part in enumerate(parts, 1)]


def _value(kind, slot, tail, cut=False):
    if kind in ("num", "signame", "errname"):
        return slot
    if kind == "int":
        return slot - (1 << 64) if slot >> 63 else slot
    if kind == "hex":
        return Address(slot)
    offset, length = slot & 0xFFFFFFFF, slot >> 32
    if offset + length > len(tail):
        raise Damaged("a string lies outside its record")
    raw = tail[offset:offset + length]
    if kind == "list":
        return _list(raw, cut)
    if kind == "domain":
        name, _, rest = _string(raw[4:], cut).partition(" ")
        return f"{name}({struct.unpack_from('<I', raw)[0]})" + (rest and " " + rest)
    if kind == "tree":
        levels = struct.iter_unpack("<I16s", raw[:len(raw) // 20 * 20])
        nodes = [f"{pid}:{_string(comm.split(bytes(1))[0])}" for pid, comm in levels]
        return nodes[:-1] + [node + "\u2026" * cut for node in nodes[-1:]]
    return _string(raw, cut)


def _record(types, data):
    number, fields, tail_bytes, has, cut = RECORD.unpack_from(data)
    name, keys = types.get(number, (str(number), []))
    tail_at = RECORD.size + 8 * fields
    if fields > 64 or tail_at + tail_bytes > len(data):
        raise Damaged("a record is longer than its entry")
    tail = data[tail_at:tail_at + tail_bytes]
    slots = struct.unpack_from(f"<{fields}Q", data, RECORD.size)
    record = {"type": name}
    for index, (key, kind) in enumerate(keys[:fields]):
        if has >> index & 1:
            record[key] = _value(kind, slots[index], tail, bool(cut >> index & 1))
    shortened = [key for index, (key, _) in enumerate(keys[:fields]) if has & cut >> index & 1]
    return {**record, "cut": shortened} if shortened else record


def _ring(types, ring, data):
    size, head, tail = ring[:3]
    if size & size - 1 or size != len(data) or head - tail > size:
        return
    while tail < head:
        at = tail % size
        length, cpu, flags, lost, _, seq, time_ns = ENTRY.unpack_from(data + bytes(ENTRY.size), at)
        if length < 8 or length % 8 or at + length > size:
            return  # from here on nothing can be found
        if not flags & PADDING:
            try:
                record = _record(types, data[at + ENTRY.size:at + length])
            except (Damaged, struct.error):
                record = {"type": "damaged"}
            if lost:
                record["lost"] = lost
            yield {"time_ns": time_ns, "on_cpu": cpu, "seq": seq, **record}
        tail += length


def _cpu(prog, root, address, rings):
    fixed = CPU.size + 8 * COUNTERS
    head = _read(prog, address, root["cpu_bytes"])
    magic, _, _, _, _, _, pages, _ = CPU.unpack_from(head)
    if magic != CPU_MAGIC or pages > MOST_BYTES:
        return
    page = struct.unpack(f"<{pages}Q", _read(prog, address + root["cpu_bytes"], 8 * pages))
    for index in rings:
        ring = RING.unpack_from(head, fixed + index * RING.size)
        mine = page[ring[5]:ring[5] + ring[6]]
        yield from _ring(root["types"], ring, _ring_data(prog, mine))


def records(prog, address=None, incidents=False):
    """All records as dictionaries, oldest first."""
    root = block(prog, address)
    found = []
    for cpu in root["cpu"]:
        if cpu:
            try:
                found += _cpu(prog, root, cpu, (1,) if incidents else range(RINGS))
            except FaultError:
                print(f"crashwatch: the head at {cpu:#x} is not in the dump", file=sys.stderr)
    return sorted(found, key=lambda record: (record["time_ns"], record["on_cpu"], record["seq"]))


def _plain(text):
    """Nothing that a terminal obeys, and one line."""
    return "".join("\\" + char if char in '"\\' else char if char.isprintable() else
                   char.encode("unicode_escape").decode() for char in text)


def _line(record):
    seconds, nanoseconds = divmod(record["time_ns"], 10**9)
    keys = " ".join(f"{key}={_quoted(value)}" for key, value in record.items()
                    if key not in ("time_ns", "on_cpu", "seq", "type"))
    return (f"[{seconds:5d}.{nanoseconds:09d}] #{record['on_cpu']}.{record['seq']} "
            f"{record['type']} {keys}")


def _quoted(value):
    if isinstance(value, list):
        return "[" + ",".join(_quoted(part) for part in value) + "]"
    return f'"{_plain(value)}"' if isinstance(value, str) else str(value)


def cwlog(prog, *types, address=None, incidents=False):
    """Print records, a line each, of these types or of all."""
    for record in records(prog, address, incidents):
        if not types or record["type"] in types:
            print(_line(record))


def cwtree(prog, address=None):
    """Draw the process tree of the newest incident that has one."""
    for record in reversed(records(prog, address, incidents=True)):
        if "tree" in record:
            break
    else:
        print("no incident has a tree")
        return
    print(_line({key: value for key, value in record.items() if key not in ("tree", "stack")}))
    for depth, process in enumerate(reversed(record["tree"])):
        pid, _, comm = process.partition(":")
        print("    " * depth + ("\\_ " if depth else "") + f"{pid} {_plain(comm)}")


def main(prog):
    """As a script."""
    parser = argparse.ArgumentParser(description="crashwatch's records in a crash dump")
    parser.add_argument("-a", "--address", type=lambda text: int(text, 0),
                        help="where the block is, as the kernel log tells")
    parser.add_argument("what", nargs="?", choices=("log", "incidents", "tree"), default="log")
    parser.add_argument("types", nargs="*", help="record types, all without one")
    args = parser.parse_args()
    try:
        if args.what == "tree":
            cwtree(prog, args.address)
        else:
            cwlog(prog, *args.types, address=args.address, incidents=args.what == "incidents")
    except Damaged as error:
        sys.exit(f"crashwatch: {error}")


if __name__ == "__main__":
    main(prog)  # noqa: F821 # drgn's own  pylint: disable=undefined-variable
