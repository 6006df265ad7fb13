#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Strict, independent parser and validator of crashwatch event lines.
#
# Uses nothing outside python3-minimal, which has no json.

import getopt
import re
import sys

USAGE = """\
usage: strict_parse.py [--json] [--type NAME]... [--expect TYPE:KEY,KEY...]... [FILE]...
       strict_parse.py --selftest
"""

TYPES = ("exec", "exec-failed", "exit", "crash", "killed", "signal", "oom",
         "cgroup-empty", "open", "hang", "reboot", "config", "lost")
CUT_MARK = "…".encode()
MAX_REPORTS = 20
MAX_JSON_DEPTH = 64


class ParseError(Exception):
    pass


# --- values ---------------------------------------------------------------

# One well-formed multibyte UTF-8 character (Unicode, table 3-7) that is no control: a terminal
# may obey U+0080 to U+009F, so they are escaped.
UTF8 = (rb"(?:\xc2[\xa0-\xbf]"
        rb"|[\xc3-\xdf][\x80-\xbf]"
        rb"|\xe0[\xa0-\xbf][\x80-\xbf]"
        rb"|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
        rb"|\xed[\x80-\x9f][\x80-\xbf]"
        rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}"
        rb"|[\xf1-\xf3][\x80-\xbf]{3}"
        rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})")
UTF8_RE = re.compile(UTF8)
RAW_RE = re.compile(rb"(?:[ !#-\[\]-~]|" + UTF8 + rb")+")
HEX_ESCAPES_RE = re.compile(rb"(?:\\x[0-9a-f]{2})+")
ESCAPES = {b'\\"': b'"', b"\\\\": b"\\", b"\\n": b"\n", b"\\t": b"\t"}

NUMBER = rb"(?:0|[1-9][0-9]*)"
NUMBER_RE = re.compile(rb"-?" + NUMBER)
ADDRESS_RE = re.compile(rb"0x(?:0|[1-9a-f][0-9a-f]*)")
WORD_RE = re.compile(rb"[^ ]*")
KEY_RE = re.compile(rb"[a-z][a-z0-9_]*")


def at(pos):
    return f" at byte {pos + 1}"


def to_int(digits, base=10):
    """The number, which must fit into 64 bits, signed if it is negative."""
    if len(digits) <= 20:
        number = int(digits, base)
        if -2**63 <= number < 2**64 and digits != b"-0":
            return number
    raise ParseError("number is -0 or beyond 64 bits")


def decode_hex_escapes(escapes, pos):
    raw = bytes.fromhex(escapes.replace(b"\\x", b"").decode())
    for byte in raw:
        if 0x20 <= byte <= 0x7e or byte in b"\n\t":
            raise ParseError(f"needless escape \\x{byte:02x}" + at(pos))
    if UTF8_RE.search(raw):
        raise ParseError("valid UTF-8 is escaped" + at(pos))
    return raw


def parse_string(line, pos):
    """The bytes of the string that starts at pos, and the position after it."""
    value = b""
    pos += 1
    while True:
        if match := RAW_RE.match(line, pos):
            value += match[0]
            pos = match.end()
        elif match := HEX_ESCAPES_RE.match(line, pos):
            value += decode_hex_escapes(match[0], pos)
            pos = match.end()
        elif line[pos:pos + 2] in ESCAPES:
            value += ESCAPES[line[pos:pos + 2]]
            pos += 2
        else:
            break
    if pos == len(line):
        raise ParseError("string is not closed")
    if line[pos] == ord("\\"):
        raise ParseError("bad escape" + at(pos))
    if line[pos] != ord('"'):
        kind = "is not UTF-8" if line[pos] >= 0x80 else "is a control character"
        raise ParseError(f"raw 0x{line[pos]:02x} {kind}" + at(pos))
    return value, pos + 1


def parse_list(line, pos):
    items = []
    pos += 1
    if line[pos:pos + 1] == b"]":
        return items, pos + 1
    while True:
        if line[pos:pos + 1] != b'"':
            raise ParseError("list item is not a string" + at(pos))
        item, pos = parse_string(line, pos)
        items.append(item)
        end = line[pos:pos + 1]
        pos += 1
        if end == b"]":
            return items, pos
        if end != b",":
            raise ParseError("list is not closed" + at(pos - 1))


def parse_value(line, pos):
    if line[pos:pos + 1] == b'"':
        return parse_string(line, pos)
    if line[pos:pos + 1] == b"[":
        return parse_list(line, pos)
    word = WORD_RE.match(line, pos)[0]
    if not word:
        raise ParseError("empty value" + at(pos))
    if ADDRESS_RE.fullmatch(word):
        return to_int(word, 16), pos + len(word)
    if NUMBER_RE.fullmatch(word):
        return to_int(word), pos + len(word)
    raise ParseError("value is no number, string or list" + at(pos))


def parse_header_value(line, pos):
    """Like parse_value, but here a bare word is a value, too."""
    if line[pos:pos + 1] in (b'"', b"["):
        return parse_value(line, pos)
    word = WORD_RE.match(line, pos)[0]
    if not re.fullmatch(rb"[!#-\[\]-~]+", word):
        raise ParseError("bad header value" + at(pos))
    return word, pos + len(word)


def parse_fields(line, pos, parse=parse_value):
    """The ` key=value` fields from pos to the end of the line."""
    fields = []
    seen = set()
    while pos < len(line):
        if line[pos] != ord(" "):
            raise ParseError("no blank after the value" + at(pos))
        pos += 1
        if pos == len(line):
            raise ParseError("trailing blank")
        if line[pos] == ord(" "):
            raise ParseError("more than one blank" + at(pos))
        match = KEY_RE.match(line, pos)
        if not match or line[match.end():match.end() + 1] != b"=":
            raise ParseError("bad key" + at(pos))
        key = match[0].decode()
        if key in seen:
            raise ParseError(f"key {key} occurs twice")
        seen.add(key)
        value, pos = parse(line, match.end() + 1)
        fields.append((key, value))
    return fields


# --- keys with a meaning --------------------------------------------------

DOMAIN_TEXT = rb"(?:[^ \\]|\\040|\\134)*"
DOMAIN_STUB = DOMAIN_TEXT + rb"(?:\\(?:04?|13?)?)?"
DOMAIN_NAME_RE = re.compile(DOMAIN_TEXT + rb"\(" + NUMBER + rb"\)")
DOMAIN_PATH_RE = re.compile(rb"/" + DOMAIN_TEXT)
DOMAIN_CUT_NAME_RE = re.compile(DOMAIN_STUB)
DOMAIN_CUT_PATH_RE = re.compile(rb"(?:/" + DOMAIN_STUB + rb")?")
TREE_RE = re.compile(NUMBER + rb":[\x00-\xff]{0,15}")
TREE_CUT_RE = re.compile(rb"(?:" + NUMBER + rb"(?::[\x00-\xff]{0,15})?)?")


def check_cut(fields):
    """Check the value of cut= and return it as a set of keys."""
    if "cut" not in fields:
        return set()
    names = fields["cut"]
    if not isinstance(names, list) or not names:
        raise ParseError("cut is not a list of keys")
    keys = {name.decode("utf-8", "backslashreplace") for name in names}
    if len(keys) != len(names):
        raise ParseError("cut names a key twice")
    for key in sorted(keys):
        if key not in fields:
            raise ParseError(f"cut names {key}, which is no key of the record")
        value = fields[key]
        if isinstance(value, list) and value:
            value = value[-1]
        if not isinstance(value, bytes) or not value.endswith(CUT_MARK):
            raise ParseError(f"cut names {key}, which does not end in the mark")
    return keys


def check_domain(value, is_cut):
    if not isinstance(value, bytes):
        raise ParseError("domain is not a string")
    if is_cut:
        value = value[:-len(CUT_MARK)]
    words = value.split(b" ")
    for index, word in enumerate(words):
        if is_cut and index == len(words) - 1:
            pattern = DOMAIN_CUT_PATH_RE if index else DOMAIN_CUT_NAME_RE
        else:
            pattern = DOMAIN_PATH_RE if index else DOMAIN_NAME_RE
        if not pattern.fullmatch(word):
            what = "/PATH" if index else "NAME(PID)"
            raise ParseError(f"word {index + 1} of domain is no {what}")


def check_tree(value, is_cut):
    if not isinstance(value, list):
        raise ParseError("tree is not a list")
    for index, item in enumerate(value):
        pattern = TREE_RE
        if is_cut and index == len(value) - 1:
            item = item[:-len(CUT_MARK)]
            pattern = TREE_CUT_RE
        if not pattern.fullmatch(item):
            raise ParseError(f"item {index + 1} of tree is no PID:COMM")


def check_meaning(type_, fields):
    cut = check_cut(fields)
    if "domain" in fields:
        check_domain(fields["domain"], "domain" in cut)
    if "tree" in fields:
        check_tree(fields["tree"], "tree" in cut)
    if type_ == "lost":
        if not isinstance(fields.get("count"), int):
            raise ParseError("lost has no number count")
        if not isinstance(fields.get("reason"), bytes):
            raise ParseError("lost has no string reason")


# --- lines ----------------------------------------------------------------

STAMP_RE = re.compile(rb"\[( *)(" + NUMBER + rb")\.([0-9]{9})\] ")
ORIGIN_RE = re.compile(rb"#(" + NUMBER + rb")\.([1-9][0-9]*) ")
TYPE_RE = re.compile(r"[a-z]+(?:-[a-z]+)*")
BOOT_ID_RE = re.compile(rb"[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}")
HEADER_START = b"# crashwatch 1"


def chomp(line):
    return line[:-1] if line.endswith(b"\n") else line


def parse_line(line, types=TYPES):
    """(ts_ns, cpu, seq, type, [(key, value)...]) of a record, or ParseError.

    cpu and seq are None for a lost line without them. type and the keys are
    str, the values int, bytes (the string unescaped) or a list of bytes.
    """
    line = chomp(line)
    if not line:
        raise ParseError("empty line")
    stamp = STAMP_RE.match(line)
    if not stamp:
        raise ParseError("bad time stamp")
    if len(stamp[1]) != max(0, 5 - len(stamp[2])):
        raise ParseError("seconds are not aligned to 5 characters")
    ts_ns = to_int(stamp[2]) * 10**9 + int(stamp[3])

    pos = stamp.end()
    cpu = seq = None
    if line[pos:pos + 1] == b"#":
        origin = ORIGIN_RE.match(line, pos)
        if not origin:
            raise ParseError("bad #cpu.sequence")
        cpu, seq = to_int(origin[1]), to_int(origin[2])
        pos = origin.end()

    word = WORD_RE.match(line, pos)[0]
    type_ = word.decode("utf-8", "backslashreplace")
    if not TYPE_RE.fullmatch(type_):
        raise ParseError("bad type")
    if type_ not in types:
        raise ParseError(f"unknown type {type_}")
    if cpu is None and type_ != "lost":
        raise ParseError("no #cpu.sequence")
    fields = parse_fields(line, pos + len(word))
    check_meaning(type_, dict(fields))
    return ts_ns, cpu, seq, type_, fields


def parse_header(line):
    """[(key, value)...] of the header, bare words as bytes, or ParseError."""
    line = chomp(line)
    if not line.startswith(HEADER_START + b" "):
        raise ParseError("first line is not the header")
    fields = parse_fields(line, len(HEADER_START), parse_header_value)
    if [key for key, _ in fields[:2]] != ["boot_id", "clock"]:
        raise ParseError("header does not begin with boot_id and clock")
    if not BOOT_ID_RE.fullmatch(fields[0][1]):
        raise ParseError("boot_id is no UUID")
    if fields[1][1] != b"monotonic":
        raise ParseError("clock is not monotonic")
    return fields


# --- JSON -----------------------------------------------------------------

JSON_BLANK_RE = re.compile(r"[ \t\r\n]*")
JSON_STRING_RE = re.compile(
    r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
JSON_ESCAPE_RE = re.compile(r"\\(?:u(....)|(.))")
JSON_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
JSON_NUMBER_RE = re.compile(
    r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
JSON_WORDS = {"true": True, "false": False, "null": None}


class JsonReader:
    """RFC 8259, with duplicate keys refused."""

    def __init__(self, text):
        self.text = text
        self.pos = 0

    def fail(self, what):
        raise ParseError(f"JSON: {what} at character {self.pos + 1}")

    def take(self, pattern):
        match = pattern.match(self.text, self.pos)
        if match:
            self.pos = match.end()
        return match

    def take_char(self, char):
        """Skip blanks, char and blanks, if it is char that comes next."""
        self.take(JSON_BLANK_RE)
        found = self.text.startswith(char, self.pos)
        if found:
            self.pos += len(char)
            self.take(JSON_BLANK_RE)
        return found

    def document(self):
        self.take(JSON_BLANK_RE)
        value = self.value(0)
        self.take(JSON_BLANK_RE)
        if self.pos != len(self.text):
            self.fail("text after the value")
        return value

    def value(self, depth):
        if depth > MAX_JSON_DEPTH:
            self.fail("too deep")
        if self.take_char("{"):
            return self.object(depth)
        if self.take_char("["):
            return self.array(depth)
        if self.text.startswith('"', self.pos):
            return self.string()
        if match := self.take(JSON_NUMBER_RE):
            if match[1] or match[2]:
                return float(match[0])
            return to_int(match[0].encode())
        for word, value in JSON_WORDS.items():
            if self.text.startswith(word, self.pos):
                self.pos += len(word)
                return value
        self.fail("no value")

    def object(self, depth):
        result = {}
        if self.take_char("}"):
            return result
        while True:
            key = self.string()
            if key in result:
                self.fail(f"second key {ascii(key)}")
            if not self.take_char(":"):
                self.fail("no colon")
            result[key] = self.value(depth + 1)
            if self.take_char("}"):
                return result
            if not self.take_char(","):
                self.fail("object is not closed")

    def array(self, depth):
        result = []
        if self.take_char("]"):
            return result
        while True:
            result.append(self.value(depth + 1))
            if self.take_char("]"):
                return result
            if not self.take_char(","):
                self.fail("array is not closed")

    def string(self):
        match = self.take(JSON_STRING_RE)
        if not match:
            self.fail("bad string")
        text = JSON_ESCAPE_RE.sub(
            lambda esc: chr(int(esc[1], 16)) if esc[1]
            else JSON_ESCAPES.get(esc[2], esc[2]), match[1])
        # Join the surrogate pairs.
        return text.encode("utf-16-le", "surrogatepass").decode(
            "utf-16-le", "surrogatepass")


def parse_json_line(line, types=TYPES):
    try:
        text = chomp(line).decode()
    except UnicodeDecodeError:
        raise ParseError("JSON: not UTF-8") from None
    record = JsonReader(text).document()
    if not isinstance(record, dict):
        raise ParseError("JSON: not an object")
    if not isinstance(record.get("type"), str):
        raise ParseError("JSON: no string type")
    if record["type"] not in types:
        raise ParseError(f"unknown type {ascii(record['type'])}")
    return record


# --- files ----------------------------------------------------------------

class Checker:
    """Checks the lines of one file, and what must hold between them."""

    def __init__(self, types=TYPES, expect=(), is_json=False):
        self.types = types
        self.expect = expect        # (type, keys)...
        self.is_json = is_json
        self.lines = 0
        self.gaps = 0
        self.counts = dict.fromkeys(types, 0)
        self.last_ts = 0
        self.last_seq = {}          # by CPU
        self.before = {}            # by type: key -> all keys before it
        self.known_orders = set()

    def check(self, line):
        self.lines += 1
        if not line.endswith(b"\n"):
            raise ParseError("line is not ended by a newline")
        if self.is_json:
            record = parse_json_line(line, self.types)
            type_, keys = record["type"], tuple(record)
        elif self.lines == 1:
            parse_header(line)
            return
        else:
            ts_ns, cpu, seq, type_, fields = parse_line(line, self.types)
            keys = tuple(key for key, _ in fields)
            self.check_sequence(ts_ns, cpu, seq)
            self.check_order(type_, keys)
        self.check_expected(type_, keys)
        self.counts[type_] += 1

    def check_sequence(self, ts_ns, cpu, seq):
        last_ts, self.last_ts = self.last_ts, ts_ns
        if cpu is not None:
            last_seq = self.last_seq.get(cpu, 0)
            self.last_seq[cpu] = seq
            if seq <= last_seq:
                raise ParseError(f"sequence of CPU {cpu} is {seq} after {last_seq}")
            self.gaps += seq != last_seq + 1
        if ts_ns < last_ts:
            raise ParseError("time stamp decreases")

    def check_order(self, type_, keys):
        """Some total order of a type's keys must fit all its records."""
        if (type_, keys) in self.known_orders:
            return
        before = self.before.setdefault(type_, {})
        for index, key in enumerate(keys):
            for later in keys[index + 1:]:
                if later in before.get(key, ()):
                    raise ParseError(f"key {key} is before {later}, unlike earlier")
        for key, following in zip(keys, keys[1:]):
            preceding = before.setdefault(key, set()) | {key}
            before.setdefault(following, set())
            for other in before:
                if other == following or following in before[other]:
                    before[other] |= preceding
        self.known_orders.add((type_, keys))

    def check_expected(self, type_, keys):
        for expected_type, expected_keys in self.expect:
            missing = [key for key in expected_keys if key not in keys]
            if type_ == expected_type and missing:
                raise ParseError(f"{type_} lacks {','.join(missing)}")

    def check_all(self, stream):
        """Yield (line number, what is wrong, the line) of each bad line."""
        for line in stream:
            try:
                self.check(line)
            except ParseError as error:
                yield self.lines, str(error), line
        if not self.lines and not self.is_json:
            yield 1, "no header", b""

    def summary(self):
        records = sum(self.counts.values())
        gaps = "-" if self.is_json else self.gaps
        types = "".join(f" {type_}={count}"
                        for type_, count in self.counts.items() if count)
        return f"{self.lines} lines, {records} records, gaps {gaps}, types:{types}"


def printable(line):
    return re.sub(rb"[\x00-\x1f\x7f]", lambda m: b"\\x%02x" % m[0][0], line)


def run(checker, stream):
    bad = 0
    for number, what, line in checker.check_all(stream):
        bad += 1
        if bad <= MAX_REPORTS:
            sys.stderr.buffer.write(b"line %d: %s: %s\n" % (
                number, printable(what.encode()), printable(chomp(line))))
    if bad > MAX_REPORTS:
        sys.stderr.buffer.write(b"and %d more bad lines\n" % (bad - MAX_REPORTS))
    sys.stderr.flush()
    print(checker.summary())
    return 1 if bad else 0


def run_file(name, checker):
    if name == "-":
        return run(checker, sys.stdin.buffer)
    try:
        stream = open(name, "rb")
    except OSError as error:
        sys.stderr.write(f"strict_parse.py: {ascii(name)}: {error.strerror}\n")
        return 2
    with stream:
        return run(checker, stream)


def parse_expect(text, types):
    type_, _, keys = text.partition(":")
    keys = keys.split(",")
    if type_ not in types or not all(KEY_RE.fullmatch(k.encode()) for k in keys):
        raise getopt.GetoptError(f"bad --expect {text}")
    return type_, keys


def main(argv):
    try:
        options, files = getopt.gnu_getopt(
            argv, "", ["json", "type=", "expect=", "selftest"])
        names = [name for name, _ in options]
        extra = [value for name, value in options if name == "--type"]
        if not all(map(TYPE_RE.fullmatch, extra)):
            raise getopt.GetoptError("bad --type")
        types = TYPES + tuple(extra)
        expect = [parse_expect(value, types)
                  for name, value in options if name == "--expect"]
        if "--selftest" in names and (files or len(names) > 1):
            raise getopt.GetoptError("too many arguments")
    except getopt.GetoptError as error:
        sys.stderr.write(f"strict_parse.py: {ascii(error.msg)[1:-1]}\n{USAGE}")
        return 2
    if "--selftest" in names:
        return selftest()
    return max(run_file(name, Checker(types, expect, "--json" in names))
               for name in files or ["-"])


# --- self-test ------------------------------------------------------------
# Text stands for its UTF-8 bytes, and \udcNN in it for the single byte NN.

HEADER = ("# crashwatch 1 boot_id=0f3f6a1c-9d52-4e0b-8a77-0123456789ab "
          "clock=monotonic")

GOOD_FIELDS = [
    ('pid=812 ppid=811 uid=0 comm="perl"', [812, 811, 0, b"perl"]),
    ("a=-1 b=0 c=18446744073709551615", [-1, 0, 2**64 - 1]),
    ("a=-9223372036854775808", [-2**63]),
    ("a=0x0 b=0xffffffffff600000 c=0xa", [0, 0xffffffffff600000, 10]),
    ('a="" b=[] c=[""]', [b"", [], [b""]]),
    ('a1_b_="x y=z #[],\'"', [b"x y=z #[],'"]),
    (r'a="\"\\\n\t\x00\x1f\x7f\x0d"', [b'"\\\n\t\x00\x1f\x7f\r']),
    (r'a="\\x41 \\n"', [rb"\x41 \n"]),
    ('a="é€😀\ufffd\ufeff"', ["é€😀\ufffd\ufeff".encode()]),
    ('a="\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"',
     ["\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff".encode()]),
    (r'a="\xff\xfe\x80"', [b"\xff\xfe\x80"]),
    (r'a="\xed\xa0\x80"', [b"\xed\xa0\x80"]),
    (r'a="\xc2\x85"', [b"\xc2\x85"]),
    (r'a="\xc0\xaf\xe0\x80\xaf\xf4\x90\x80\x80"',
     [b"\xc0\xaf\xe0\x80\xaf\xf4\x90\x80\x80"]),
    (r'a="\xc3a\xa9"', [b"\xc3a\xa9"]),
    (r'a="\xe2\x82é\xac"', [b"\xe2\x82\xc3\xa9\xac"]),
    (r'argv=["a","b c","\"","]"]', [[b"a", b"b c", b'"', b"]"]]),
    ('comm="odd…"', ["odd…".encode()]),
    ('argv=["a","b…"] cwd="/…" cut=["argv","cwd"]',
     [[b"a", "b…".encode()], "/…".encode(), [b"argv", b"cwd"]]),
    (r'cwd="\xe2\x82…" cut=["cwd"]', [b"\xe2\x82" + CUT_MARK, [b"cwd"]]),
    (r'domain="a\\040b\\134(0) /x\\040y /z(1)"',
     [rb"a\040b\134(0) /x\040y /z(1)"]),
    ('domain="sshd(1)"', [b"sshd(1)"]),
    ('domain="a(b)(12) /… /…"', ["a(b)(12) /… /…".encode()]),
    ('domain="ini…" cut=["domain"]', ["ini…".encode(), [b"domain"]]),
    ('domain="a(1) /b …" cut=["domain"]', ["a(1) /b …".encode(), [b"domain"]]),
    (r'domain="a(1) /b\\04…" cut=["domain"]', [rb"a(1) /b\04" + CUT_MARK, [b"domain"]]),
    ('tree=["1:init","812:a:b c","7:","8:123456789012345"]',
     [[b"1:init", b"812:a:b c", b"7:", b"8:123456789012345"]]),
    ('tree=["1:init","81…"] cut=["tree"]', [[b"1:init", "81…".encode()], [b"tree"]]),
    ('tree=["8:123456789012345…"] cut=["tree"]',
     [["8:123456789012345…".encode()], [b"tree"]]),
]

BAD_FIELDS = [
    ("pid=", "empty value"),
    ("pid= uid=0", "empty value"),
    ("pid=01", "no number"),
    ("pid=00", "no number"),
    ("pid=+1", "no number"),
    ("pid=-", "no number"),
    ("pid=1.5", "no number"),
    ("pid=-0", "-0"),
    ("pid=-01", "no number"),
    ("pid=1\r", "no number"),
    ("pid=18446744073709551616", "beyond 64 bits"),
    ("pid=-9223372036854775809", "beyond 64 bits"),
    ("pid=" + "9" * 5000, "beyond 64 bits"),
    ("ip=0x", "no number"),
    ("ip=0x00", "no number"),
    ("ip=0x0a", "no number"),
    ("ip=0xAB", "no number"),
    ("ip=0X1", "no number"),
    ("ip=-0x1", "no number"),
    ("ip=0x10000000000000000", "beyond 64 bits"),
    ("ip=ffff", "no number"),
    ("comm=perl", "no number"),
    ("comm='perl'", "no number"),
    ("ok=true", "no number"),
    (" pid=1", "more than one blank"),
    ("pid=1  uid=1", "more than one blank"),
    ("pid=1 ", "trailing blank"),
    ("pid=1\tuid=1", "no number"),
    ('a="x"b=1', "no blank after"),
    ('a=["x"]b=1', "no blank after"),
    ("Pid=1", "bad key"),
    ("pId=1", "bad key"),
    ("_pid=1", "bad key"),
    ("1pid=1", "bad key"),
    ("p-id=1", "bad key"),
    ("pid =1", "bad key"),
    ("=1", "bad key"),
    ("pid", "bad key"),
    ("pid=1 uid=1 pid=1", "pid occurs twice"),
    ('a="x', "not closed"),
    ('a="', "not closed"),
    (r'a="x\"', "not closed"),
    (r'a="\q"', "bad escape"),
    (r'a="\r"', "bad escape"),
    (r'a="\040"', "bad escape"),
    (r'a="\xFF"', "bad escape"),
    (r'a="\xf"', "bad escape"),
    (r'a="\u00e9"', "bad escape"),
    ('a="\\', "bad escape"),
    ('a="\t"', "raw 0x09 is a control"),
    ('a="x\ny"', "raw 0x0a is a control"),
    ('a="\0"', "raw 0x00 is a control"),
    ('a="\x7f"', "raw 0x7f is a control"),
    ('a="\udcff"', "raw 0xff is not UTF-8"),
    ('a="é\udc80"', "raw 0x80 is not UTF-8"),
    ('a="\udcc0\udcaf"', "raw 0xc0 is not UTF-8"),
    ('a="\udce0\udc80\udcaf"', "raw 0xe0 is not UTF-8"),
    ('a="\udced\udca0\udc80"', "raw 0xed is not UTF-8"),
    ('a="\udcf4\udc90\udc80\udc80"', "raw 0xf4 is not UTF-8"),
    ('a="\udce2\udc82"', "raw 0xe2 is not UTF-8"),
    (r'a="\x41"', r"needless escape \x41"),
    (r'a="\x20"', r"needless escape \x20"),
    (r'a="\x22"', r"needless escape \x22"),
    (r'a="\x5c"', r"needless escape \x5c"),
    (r'a="\x7e"', r"needless escape \x7e"),
    (r'a="\x00\x0a"', r"needless escape \x0a"),
    (r'a="\x09"', r"needless escape \x09"),
    (r'a="\xc3\xa9"', "valid UTF-8 is escaped"),
    (r'a="\xff\xe2\x82\xac\xff"', "valid UTF-8 is escaped"),
    (r'a="\xe2\x82\xf0\x9f\x98\x80"', "valid UTF-8 is escaped"),
    (r'a=["\xc3\xa9"]', "valid UTF-8 is escaped"),
    ("a=[", "item is not a string"),
    ("a=[1]", "item is not a string"),
    ("a=[[]]", "item is not a string"),
    ("a=[ ]", "item is not a string"),
    ('a=["x", "y"]', "item is not a string"),
    ('a=["x",]', "item is not a string"),
    ('a=["x"', "list is not closed"),
    ('a=["x" ]', "list is not closed"),
    ('a=["x""y"]', "list is not closed"),
    ('a="x…" cut="a"', "cut is not a list"),
    ("cut=[]", "cut is not a list"),
    ('a="x…" cut=["a","a"]', "twice"),
    ('a="x…" cut=["b"]', "no key of the record"),
    ('a="x" cut=["a"]', "does not end in the mark"),
    ('a="…x" cut=["a"]', "does not end in the mark"),
    ('a="x..." cut=["a"]', "does not end in the mark"),
    ('a=1 cut=["a"]', "does not end in the mark"),
    ('a=[] cut=["a"]', "does not end in the mark"),
    ('a=["x…","y"] cut=["a"]', "does not end in the mark"),
    ('a=1 cut=["cut"]', "does not end in the mark"),
    ("domain=1", "domain is not a string"),
    ('domain=""', "word 1 of domain"),
    ('domain="a"', "word 1 of domain"),
    ('domain="a()"', "word 1 of domain"),
    ('domain="a(1"', "word 1 of domain"),
    ('domain="a(1)x"', "word 1 of domain"),
    ('domain="a b(1) /c"', "word 1 of domain"),
    (r'domain="a\\b(1)"', "word 1 of domain"),
    ('domain="a(1) b"', "word 2 of domain"),
    ('domain="a(1)  /b"', "word 2 of domain"),
    ('domain="a(1) "', "word 2 of domain"),
    ('domain="a(1) /b …"', "word 3 of domain"),
    (r'domain="a(1) /b\\041"', "word 2 of domain"),
    (r'domain="a(1) /b\\04"', "word 2 of domain"),
    ('domain="a(1) b…" cut=["domain"]', "word 2 of domain"),
    ('domain="a(1) b /c…" cut=["domain"]', "word 2 of domain"),
    (r'domain="a(1) /b\\05…" cut=["domain"]', "word 2 of domain"),
    ('tree="1:init"', "tree is not a list"),
    ('tree=["init"]', "item 1 of tree"),
    ('tree=["1:init",":x"]', "item 2 of tree"),
    ('tree=["01:init"]', "item 1 of tree"),
    ('tree=["-1:init"]', "item 1 of tree"),
    ('tree=["8:1234567890123456"]', "item 1 of tree"),
    ('tree=["8:ééééééé…"]', "item 1 of tree"),
    ('tree=["x…"] cut=["tree"]', "item 1 of tree"),
    ('tree=["1","2:b…"] cut=["tree"]', "item 1 of tree"),
]

LINES = [           # with what is wrong, or what parse_line returns
    ("[    0.000000000] #0.1 reboot", (0, 0, 1, "reboot", [])),
    ("[12345.000000001] #15.42 oom a=1",
     (12345000000001, 15, 42, "oom", [("a", 1)])),
    ("[123456.000000000] #0.1 cgroup-empty a=1",
     (123456 * 10**9, 0, 1, "cgroup-empty", [("a", 1)])),
    ('[    1.000000000] lost count=3 reason="overrun"',
     (10**9, None, None, "lost", [("count", 3), ("reason", b"overrun")])),
    ('[    1.000000000] #2.7 lost count=3 reason=""',
     (10**9, 2, 7, "lost", [("count", 3), ("reason", b"")])),
    ("[    1.000000000] #0.1 exec\n", (10**9, 0, 1, "exec", [])),
    ("", "empty line"),
    ("\n", "empty line"),
    ("# comment", "bad time stamp"),
    (HEADER, "bad time stamp"),
    ("exec pid=1", "bad time stamp"),
    (" [    1.000000000] #0.1 exec", "bad time stamp"),
    ("[    1.00000000] #0.1 exec", "bad time stamp"),
    ("[    1.0000000000] #0.1 exec", "bad time stamp"),
    ("[00001.000000000] #0.1 exec", "bad time stamp"),
    ("[   -1.000000000] #0.1 exec", "bad time stamp"),
    ("[\t   1.000000000] #0.1 exec", "bad time stamp"),
    ("[    1.000000000]#0.1 exec", "bad time stamp"),
    ("[1.000000000] #0.1 exec", "not aligned"),
    ("[     1.000000000] #0.1 exec", "not aligned"),
    ("[ 12345.000000000] #0.1 exec", "not aligned"),
    ("[    1.000000000]  #0.1 exec", "bad type"),
    ("[    1.000000000] #0.0 exec", "bad #cpu"),
    ("[    1.000000000] #01.1 exec", "bad #cpu"),
    ("[    1.000000000] #0.01 exec", "bad #cpu"),
    ("[    1.000000000] #-1.1 exec", "bad #cpu"),
    ("[    1.000000000] #0 exec", "bad #cpu"),
    ("[    1.000000000] #0.1", "bad #cpu"),
    ("[    1.000000000] #0.99999999999999999999 exec", "beyond 64 bits"),
    ("[    1.000000000] exec pid=1", "no #cpu"),
    ("[    1.000000000] ", "bad type"),
    ("[    1.000000000] #0.1 ", "bad type"),
    ("[    1.000000000] #0.1  exec", "bad type"),
    ("[    1.000000000] #0.1 Exec", "bad type"),
    ("[    1.000000000] #0.1 exec-", "bad type"),
    ("[    1.000000000] #0.1 exec_failed", "bad type"),
    ("[    1.000000000] #0.1 pid=1", "bad type"),
    ("[    1.000000000] #0.1 exec\r\n", "bad type"),
    ("[    1.000000000] #0.1 exec\n\n", "bad type"),
    ("[    1.000000000] #0.1 fork pid=1", "unknown type fork"),
    ("[    1.000000000] #0.1 exec ", "trailing blank"),
    ("[    1.000000000] lost reason=\"x\"", "no number count"),
    ("[    1.000000000] lost count=\"1\" reason=\"x\"", "no number count"),
    ("[    1.000000000] lost count=1", "no string reason"),
]

HEADERS = [         # with what is wrong or None
    (HEADER, None),
    (HEADER.replace("-", ""), None),
    (HEADER + ' release=6.1.0-13+deb12 host="a b" cpus=4 l=["a"]', None),
    ("", "not the header"),
    ("[    1.000000000] #0.1 exec", "not the header"),
    (HEADER.replace("h 1", "h 2"), "not the header"),
    (HEADER.replace("# ", "#"), "not the header"),
    ("# crashwatch 1", "not the header"),
    ("# crashwatch 1 clock=monotonic", "begin with boot_id and clock"),
    (HEADER.replace("9ab", "9AB"), "boot_id is no UUID"),
    (HEADER.replace("9ab", "9a"), "boot_id is no UUID"),
    (HEADER.replace("boot_id=", "boot_id= "), "bad header value"),
    (HEADER.replace("monotonic", "realtime"), "clock is not"),
    (HEADER + "  a=1", "more than one blank"),
    (HEADER + " ", "trailing blank"),
    (HEADER + " a=1 a=2", "a occurs twice"),
    (HEADER + " a=é", "bad header value"),
    (HEADER + " a", "bad key"),
]

FILES = [           # (records, [(bad line, what is wrong)...], gaps)
    ([], [], 0),
    (["[    1.000000000] #0.1 exec a=1", "[    1.000000000] #1.1 exec a=1",
      "[    1.000000001] #0.2 exec a=1"], [], 0),
    (["[    1.000000000] #0.3 exec", "[    1.000000000] #0.4 exec",
      "[    1.000000000] #0.9 exec"], [], 2),
    (["[    1.000000000] #0.1 exec", "[    1.000000000] #0.1 exec"],
     [(3, "sequence of CPU 0 is 1 after 1")], 0),
    (["[    1.000000000] #0.1 exec", "[    1.000000000] #0.2 exec",
      "[    1.000000000] #0.1 exec", "[    1.000000000] #0.2 exec"],
     [(4, "sequence of CPU 0 is 1 after 2")], 0),
    (["[    2.000000000] #0.1 exec", "[    1.999999999] #1.1 exec"],
     [(3, "time stamp decreases")], 0),
    (["[    2.000000000] #0.1 exec",
      '[    1.999999999] lost count=1 reason="x"'],
     [(3, "time stamp decreases")], 0),
    (["[    1.000000000] #0.1 exec a=1 b=1", "[    1.000000000] #0.2 exec b=1 a=1",
      "[    1.000000000] #0.3 exit b=1 a=1"], [(3, "key b is before a")], 0),
    (["[    1.000000000] #0.1 exec b=1 c=1", "[    1.000000000] #0.2 exec a=1 b=1",
      "[    1.000000000] #0.3 exec c=1 d=1", "[    1.000000000] #0.4 exec d=1 a=1",
      "[    1.000000000] #0.5 exec a=1 d=1"], [(5, "key d is before a")], 0),
    (["[    1.000000000] #0.1 crash pid=1", "[    1.000000000] #0.2 exec pid=1",
      "[    1.000000000] #0.3 crash pid=1 sig=11"],
     [(2, "crash lacks sig")], 0),
    ([HEADER, "", "[    1.000000000] #0.1 fork"],
     [(2, "bad time stamp"), (3, "empty line"), (4, "unknown type")], 0),
    (["[    1.000000000] #0.1 my-type"], [], 0),
]

JSON = [            # with what is wrong or None
    ('{"type":"exec"}', None),
    (' { "a" : [ 1 , -0.5e+3, true,false, null, {}, [] ] , "type" : "exec" }\r', None),
    (r'{"type":"\u0065xec","a":"\"\\\/\b\f\n\r\t\ud83d\ude00é"}', None),
    ('{"type":"exec","a":{"type":1}}', None),
    ("", "no value"),
    ('"exec"', "not an object"),
    ('[{"type":"exec"}]', "not an object"),
    ("{}", "no string type"),
    ('{"Type":"exec"}', "no string type"),
    ('{"type":1}', "no string type"),
    ('{"type":"fork"}', "unknown type"),
    ('{"type":"crash"}', "crash lacks pid,sig"),
    ('{"type":"exec"} {"type":"exec"}', "text after"),
    ('{"type":"exec"},', "text after"),
    ('{"type":"exec"', "object is not closed"),
    ('{"type":"exec",}', "bad string"),
    ("{type:1}", "bad string"),
    ('{"type" "exec"}', "no colon"),
    ('{"type":"exec","type":"exit"}', "second key"),
    (r'{"type":"exec","\u0074ype":"exit"}', "second key"),
    ('{"type":"exec","a":01}', "object is not closed"),
    ('{"type":"exec","a":1.}', "object is not closed"),
    ('{"type":"exec","a":0x1}', "object is not closed"),
    ('{"type":"exec","a":NaN}', "no value"),
    ('{"type":"exec","a":+1}', "no value"),
    ('{"type":"exec","a":[1,]}', "no value"),
    ('{"type":"exec","a":[1 2]}', "array is not closed"),
    ('{"type":"exec","a":"\t"}', "bad string"),
    (r'{"type":"exec","a":"\x41"}', "bad string"),
    (r'{"type":"exec","a":"\u12g4"}', "bad string"),
    ('{"type":"exec","a":"\udcff"}', "not UTF-8"),
    ('{"type":"exec","a":18446744073709551616}', "beyond 64 bits"),
    ('{"a":' + "[" * 100000, "too deep"),
]


def selftest():
    tests = failures = 0

    def expect(what, got, wanted):
        nonlocal tests, failures
        tests += 1
        if got != wanted:
            failures += 1
            sys.stdout.write(ascii((what, "got", got, "wanted", wanted)) + "\n")

    def encode(text):
        return text.encode("utf-8", "surrogateescape")

    def outcome(parse, text, wanted):
        """What parse returns; or wanted if that is in what it complains of."""
        try:
            return parse(encode(text))
        except ParseError as error:
            return wanted if wanted and str(wanted) in str(error) else str(error)

    def outcomes(checker, lines, wanted):
        bad = checker.check_all(map(encode, lines))
        got = [(number, what) for number, what, _ in bad]
        same = len(got) == len(wanted) and all(
            g[0] == w[0] and w[1] in g[1] for g, w in zip(got, wanted))
        return wanted if same else got

    start = "[   12.345678901] #1.42 exec "
    for fields, wanted in GOOD_FIELDS:
        got = outcome(parse_line, start + fields, None)
        if isinstance(got, tuple):
            expect(fields, got[:4], (12345678901, 1, 42, "exec"))
            got = [value for _, value in got[4]]
        expect(fields, got, wanted)
    for fields, wanted in BAD_FIELDS:
        expect(fields, outcome(parse_line, start + fields, wanted), wanted)
    for line, wanted in LINES:
        expect(line, outcome(parse_line, line, wanted), wanted)

    for line, wanted in HEADERS:
        bad = [(1, wanted)] if wanted else []
        expect(line, outcomes(Checker(), [line + "\n"], bad), bad)
    types = TYPES + ("my-type",)
    for records, wanted, gaps in FILES:
        checker = Checker(types, [("crash", ["pid", "sig"])])
        lines = [line + "\n" for line in [HEADER] + records]
        expect(records, outcomes(checker, lines, wanted), wanted)
        expect(records, checker.gaps, gaps)
        expect(records, sum(checker.counts.values()), len(records) - len(wanted))
    for lines, wanted in (([], [(1, "no header")]),
                          ([HEADER], [(1, "not ended")]),
                          ([HEADER + "\n", LINES[0][0]], [(2, "not ended")])):
        expect(lines, outcomes(Checker(), lines, wanted), wanted)

    for line, wanted in JSON:
        checker = Checker(TYPES, [("crash", ["pid", "sig"])], is_json=True)
        bad = [(1, wanted)] if wanted else []
        expect(line, outcomes(checker, [line + "\n"], bad), bad)
    expect("json", parse_json_line(encode(JSON[2][0])),
           {"type": "exec", "a": "\"\\/\b\f\n\r\t😀é"})

    print(f"{tests} tests, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
