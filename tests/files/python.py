# Runs a program on a file in CPython: see oracle.test.ts.
import json
import traceback

PATH = "/file"


class Skipped(Exception):
    pass


def shown(value):
    return value.hex() if isinstance(value, (bytes, bytearray)) else value


def readlines(file, hint):
    # As io.IOBase does it; in text, that would make tell() impossible.
    lines = []
    while line := file.readline():
        lines.append(line)
        if 0 < hint < sum(map(len, lines)):
            break
    return lines


def step(file, op, saved, binary, state):
    kind, argument = op
    if kind in ("write", "truncate") and not binary and state["read"]:
        # In text, CPython writes and cuts where it has read ahead to.
        position = file.tell()
        if position >= 2**63:
            # A place between two that its decoder can start from: to go there, it reads ahead.
            raise Skipped
        file.seek(position)
        state["read"] = False
    if kind in ("read", "readline", "readlines"):
        state["read"] = True
    if "a" in file.mode and kind in ("tell", "seek"):
        # Before that, CPython does not know where it writes.
        file.flush()
    if kind == "read":
        return file.read(argument)
    if kind == "readline":
        return file.readline(argument)
    if kind == "readlines":
        lines = file.readlines(argument) if binary else readlines(file, argument)
        return [shown(line) for line in lines]
    if kind == "readinto":
        target = bytearray(argument)
        count = file.readinto(target)
        return [count, target[:count].hex()]
    if kind == "peek":
        return file.peek(1)[:1]
    if kind == "write":
        if binary and argument and "a" in file.mode:
            # Otherwise CPython takes the position that it was at for that behind what was appended.
            file.seek(0, 2)
        return file.write(bytes.fromhex(argument) if binary else argument)
    if kind == "tell":
        saved.append(file.tell())
        return saved[-1] if binary else None
    if kind == "back":
        file.seek(saved[argument % len(saved)])
        # To get there it may have read ahead.
        state["read"] = not binary
        return None
    if kind == "seek":
        offset, whence = argument
        position = file.seek(offset, whence)
        return position if binary else None
    if kind == "truncate":
        return file.truncate(argument)
    return getattr(file, kind)()


def run(program):
    with open(PATH, "wb") as file:
        file.write(bytes.fromhex(program["content"]))
    binary = "b" in program["mode"]
    options = {} if binary else {key: program[key] for key in ("encoding", "errors", "newline")}
    results = []
    saved = [0]
    state = {"read": False}
    file = open(PATH, program["mode"], buffering=program["buffering"], **options)
    if not binary:
        file._CHUNK_SIZE = program["chunk"]
    for op in program["ops"]:
        try:
            results.append(shown(step(file, op, saved, binary, state)))
        except AttributeError:
            results.append({"error": "UnsupportedOperation"})
        except (Skipped, UnicodeDecodeError):
            # A half of a character was written over: the half that is left is found at another time.
            file.close()
            return {"skipped": True}
        except (OSError, ValueError) as error:
            name = type(error).__name__
            # A position before the start, to the system.
            results.append({"error": "ValueError" if name == "OSError" else name})
    newlines = None if binary else file.newlines
    file.close()
    with open(PATH, "rb") as file:
        content = file.read().hex()
    return {"results": results, "newlines": newlines, "content": content}


def answer(text):
    try:
        return json.dumps(run(json.loads(text)))
    except Exception:
        return json.dumps({"failed": traceback.format_exc()})
