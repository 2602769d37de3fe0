// The rival CPython: its own asyncio, with the tasks written in C, compiled to WebAssembly (pyodide).
//
// WebAssembly costs a factor that a native CPython does not pay; so does being driven by a selector of ours, which lets
// virtual time pass. The times are taken around whole runs of the loop, so calls from here into Python do not count.
import { loadPyodide } from "pyodide";
import { BATCH, BATCHES, YIELDS } from "./sizes.mjs";

const python = await loadPyodide();
python.runPython(`
import asyncio, asyncio.base_events

class VirtualLoop(asyncio.base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._now = 0.0
        self._selector = self
    def time(self):
        return self._now
    def select(self, timeout):
        if timeout:
            self._now = self._scheduled[0]._when
        return []
    def _process_events(self, events): pass
    def _write_to_self(self): pass

def run(main, *sizes):
    loop = VirtualLoop()
    asyncio.events._set_running_loop(None)
    try:
        return loop.run_until_complete(main(*sizes))
    finally:
        loop.close()

async def total(body, tasks):
    running = [asyncio.create_task(body()) for _ in range(tasks)]
    return sum([await task for task in running])

async def spawn_join_main(tasks, batches):
    async def body():
        await asyncio.sleep(0)
        return 1
    return sum([await total(body, tasks) for _ in range(batches)])

async def yields_main(tasks, times):
    async def body():
        for _ in range(times):
            await asyncio.sleep(0)
        return times
    return await total(body, tasks)

def spawn_join(tasks, batches): return run(spawn_join_main, tasks, batches)
def yields(tasks, times): return run(yields_main, tasks, times)
`);

const pythonGlobals = /** @type {{ get(name: string): (...sizes: number[]) => number }} */ (
  /** @type {unknown} */ (python.globals)
);

const spawnJoinThere = pythonGlobals.get("spawn_join");
const yieldsThere = pythonGlobals.get("yields");

/** Starts tasks by the thousand and joins them. */
export function spawnJoin() {
  return spawnJoinThere(BATCH, BATCHES);
}

/** A thousand tasks, each of which yields again and again. */
export function yields() {
  return yieldsThere(BATCH, YIELDS);
}
