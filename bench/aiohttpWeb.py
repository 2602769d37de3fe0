# aiohttp's server for web.mjs: the same routes as the others. Prints its port.
import asyncio
import json
import sys

from aiohttp import web

FOLDER = sys.argv[1]


@web.middleware
async def served(request, handler):
    response = await handler(request)
    response.headers["x-served-by"] = "bench"
    return response


async def user(request):
    name = request.match_info["id"]
    return web.json_response({"id": name, "name": f"user {name}", "tags": ["a", "b"]})


async def echo(request):
    return web.json_response(await request.json())


async def main():
    app = web.Application(middlewares=[served])
    app.router.add_get("/users/{id}", user)
    app.router.add_post("/echo", echo)
    app.router.add_static("/static", FOLDER)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(json.dumps(runner.addresses[0][1]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


try:
    import uvloop
except ImportError:
    pass
else:
    uvloop.install()
asyncio.run(main())
