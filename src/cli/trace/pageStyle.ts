/*
 * How the page of `ambit trace` looks: light and dark, wide and narrow.
 */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1c20; --dim: #5b616b; --paper: #fff; --line: #d9dce1; --soft: #f3f4f6;
  --mark: #2456c9; --bad: #b3261e; --stop: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --dim: #a3a9b4; --paper: #15171b; --line: #343840;
  --soft: #1f2228; --mark: #8ab0ff; --bad: #ff8a80; --stop: #e8b45a; } }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; gap: 1rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--dim); flex: 1; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 4px; cursor: pointer; }
header button { padding: .2rem .7rem; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: -2px; }
.sides { display: grid; grid-template-columns: minmax(16rem, 22rem) 1fr; min-height: calc(100vh - 3.2rem); }
nav { border-right: 1px solid var(--line); overflow: auto; max-height: calc(100vh - 3.2rem); }
nav ol { list-style: none; margin: 0; padding: 0; }
nav button { display: block; width: 100%; text-align: left; padding: .5rem 1rem; border: 0; border-bottom: 1px solid var(--line);
  border-radius: 0; }
nav button[aria-current=true] { background: var(--soft); box-shadow: inset 3px 0 var(--mark); }
nav b { display: block; overflow-wrap: anywhere; }
nav small, .about { color: var(--dim); }
.bad { color: var(--bad); } .stop { color: var(--stop); }
main { padding: 1rem; overflow: auto; max-height: calc(100vh - 3.2rem); min-width: 0; }
.rows { margin: .8rem 0; border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: minmax(10rem, 38%) 1fr; border: 0; border-bottom: 1px solid var(--line); border-radius: 0;
  width: 100%; text-align: left; padding: 0; align-items: center; }
.row:hover, .row[aria-expanded=true] { background: var(--soft); }
.label { padding: .25rem .5rem; overflow-wrap: anywhere; }
.label small { color: var(--dim); }
.track { position: relative; height: 1.6rem; border-left: 1px solid var(--line); margin-right: 4.5rem; }
.bar { position: absolute; top: .4rem; height: .8rem; min-width: 2px; border-radius: 2px; background: hsl(var(--hue) 55% 50%); }
.bar.bad { background: var(--bad); }
.bar.stop { background: repeating-linear-gradient(45deg, var(--stop) 0 4px, transparent 4px 8px); }
.time { position: absolute; top: .25rem; padding-left: .3rem; white-space: nowrap; font-size: 12px; color: var(--dim); }
.details { padding: .5rem 1rem 1rem; background: var(--soft); border-bottom: 1px solid var(--line); }
.details dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .15rem 1rem; margin: 0; }
.details dt { color: var(--dim); overflow-wrap: anywhere; } .details dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; white-space: pre-wrap; }
.empty { color: var(--dim); padding: 1rem; }
@media (max-width: 760px) { .sides { grid-template-columns: 1fr; } nav, main { max-height: none; border-right: 0; }
  nav { max-height: 35vh; border-bottom: 1px solid var(--line); } header p { display: none; }
  .row { grid-template-columns: 1fr; } .track { margin-left: .5rem; } .details dl { grid-template-columns: 1fr; } }
`;
