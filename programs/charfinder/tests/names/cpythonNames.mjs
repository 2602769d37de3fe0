// Prints the names that CPython's `unicodedata` has: its version of Unicode, then a line for each code point that has a
// name: the code point, a tab, the name. A process of its own, since Python takes memory.
import { loadPyodide } from "pyodide";

const python = await loadPyodide({ stderr: () => {} });
await python.loadPackage("unicodedata").catch(() => {});
const text = python.runPython(`
import sys, unicodedata
lines = [unicodedata.unidata_version]
for code in range(sys.maxunicode + 1):
    name = unicodedata.name(chr(code), "")
    if name:
        lines.append(f"{code:X}\\t{name}")
"\\n".join(lines)
`);
process.stdout.write(text);
