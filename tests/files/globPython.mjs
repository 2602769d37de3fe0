// CPython's glob, in a process of its own and on a file system of its own: a search a line in, what it found a line out.
import { createInterface } from "node:readline";
import { loadPyodide } from "pyodide";

const python = await loadPyodide({ stdout: () => {}, stderr: () => {} });
python.runPython(`
import glob, json, os, shutil

def answer(line):
    search = json.loads(line)
    shutil.rmtree("/tree", ignore_errors=True)
    os.makedirs("/tree")
    for path in search["paths"]:
        path = "/tree/" + path
        os.makedirs(path if path.endswith("/") else os.path.dirname(path), exist_ok=True)
        if not path.endswith("/") and not os.path.exists(path):
            open(path, "w").close()
    for path, target in search["links"]:
        if not os.path.lexists("/tree/" + path):
            os.symlink(target, "/tree/" + path)
    return json.dumps([glob.glob(pattern, root_dir="/tree", recursive=search["recursive"],
        include_hidden=search["includeHidden"]) for pattern in search["patterns"]])
`);
/** @type {(search: string) => string} */
const answer = python.globals["get"]("answer");
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${answer(line)}\n`);
}
