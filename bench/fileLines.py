# Lines of a file in Python: its own, or aiofiles. Arguments: which, the file, how many lines at most (0: all).
# Says how many seconds it took, without the start of the interpreter, and how many bytes it saw.
import asyncio
import json
import sys
import time


def python(path, most):
    seen = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            seen += len(line)
            if number == most:
                break
    return seen


async def aiofiles_(path, most):
    import aiofiles

    seen = number = 0
    async with aiofiles.open(path, encoding="utf-8", newline="\n") as file:
        async for line in file:
            seen += len(line)
            number += 1
            if number == most:
                break
    return seen


which, path, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
start = time.perf_counter()
seen = python(path, most) if which == "python" else asyncio.run(aiofiles_(path, most))
print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time(), "seen": seen}))
