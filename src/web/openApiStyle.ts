/*
 * The style of the page that shows an OpenAPI document: the visitor's own light or dark, narrow screens.
 */

/** @internal */
export const OPEN_API_STYLE = `:root{color-scheme:light dark;--ground:#fbfbfa;--text:#22242a;--soft:#5c606a;--line:#dcdee3;--card:#fff;--accent:#0b5cad;--get:#0b5cad;--post:#1a7340;--put:#8a5200;--patch:#7a3fa0;--delete:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#16181d;--text:#e7e9ee;--soft:#a6acb8;--line:#343944;--card:#1e2128;--accent:#79b8ff;--get:#79b8ff;--post:#6fd394;--put:#f0b45c;--patch:#d6a2f5;--delete:#ff8f82}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:60rem;margin:0 auto;padding:1rem 1.25rem}
h1{margin:.5rem 0 0;font-size:1.75rem;line-height:1.2}
h2{margin:1.5rem 0 .5rem;font-size:1.25rem}
h3{margin:1.25rem 0 .5rem;font-size:1rem}
small,caption,.about,em{color:var(--soft)}
.about{white-space:pre-wrap}
a{color:var(--accent)}
code,pre,textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875rem}
[hidden]{display:none!important}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.tools{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
.tools p{margin:0}
input,select,textarea,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:.375rem;padding:.35rem .6rem;max-width:100%}
textarea{width:100%;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875rem}
button{background:var(--accent);border-color:var(--accent);color:var(--ground);font-weight:600;padding:.4rem 1.25rem;cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details.operation{margin:.5rem 0;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
details.operation>div{padding:0 1rem 1rem;border-top:1px solid var(--line);overflow-x:auto}
summary{padding:.6rem 1rem;cursor:pointer;overflow-wrap:anywhere}
.method{display:inline-block;min-width:4.25rem;font-weight:700;color:var(--accent)}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
summary span:last-child:not(.method){color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.9375rem;margin:.25rem 0}
caption{text-align:left}
th,td{padding:.3rem .75rem .3rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line);overflow-wrap:anywhere}
thead th{border-top:0;color:var(--soft);font-weight:400}
.try p{margin:.5rem 0}
.try label{display:block;font-size:.9375rem}
.answer pre{margin:.25rem 0;padding:.75rem;border:1px solid var(--line);border-radius:.375rem;overflow:auto;max-height:30rem}
`;
