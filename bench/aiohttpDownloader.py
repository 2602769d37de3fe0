# Downloads with aiohttp as "Fluent Python" (second edition, chapter 21) writes them: a semaphore, and
# asyncio.to_thread for each file. Arguments: folder, list, how many at a time.
import asyncio
import sys
from pathlib import Path

import aiohttp


def save(path, data):
    path.write_bytes(data)


async def download_one(session, url, folder, semaphore):
    async with semaphore:
        async with session.get(url) as answer:
            answer.raise_for_status()
            data = await answer.read()
        await asyncio.to_thread(save, folder / url.rpartition("/")[2], data)


async def main(folder, urls, lanes):
    semaphore = asyncio.Semaphore(lanes)
    connector = aiohttp.TCPConnector(limit=lanes)
    async with aiohttp.ClientSession(connector=connector) as session:
        waiting = [download_one(session, url, folder, semaphore) for url in urls]
        for each in asyncio.as_completed(waiting):
            await each


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]).read_text().split(), int(sys.argv[3])))
