# aiohttp, as httpClientChild.mjs is for the clients of Node.js: orders and answers are lines of JSON.
import asyncio
import json
import resource
import sys
import time

import aiohttp


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def work(session, order, posted, answered):
    url, size, left, right = order["url"], order["size"], order["requests"], 0

    async def lane():
        nonlocal left, right
        while left > 0:
            left -= 1
            if order["kind"] == "get":
                async with session.get(url) as answer:
                    is_right = len(await answer.read()) == size
            else:
                async with session.post(url, json=posted) as answer:
                    is_right = await answer.json() == answered
            right += is_right

    await asyncio.gather(*(lane() for _ in range(order["lanes"])))
    return right


async def main():
    posted, answered = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    connector = aiohttp.TCPConnector(limit=64)
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession(connector=connector) as session:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            before, start = cpu(), time.perf_counter()
            right = await work(session, json.loads(line), posted, answered)
            wall = time.perf_counter() - start
            print(json.dumps({"wall": wall, "cpu": cpu() - before, "right": right}), flush=True)


asyncio.run(main())
