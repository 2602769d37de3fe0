/*
 * The styles of error pages: system fonts, the visitor's own light or dark, narrow screens.
 */

const COLOURS = `:root{color-scheme:light dark;--ground:#fbfbfa;--text:#22242a;--soft:#62666f;--line:#dfe1e6;--card:#fff;--accent:#a5261d;--mark:#fde8c8}
@media (prefers-color-scheme:dark){:root{--ground:#16181d;--text:#e7e9ee;--soft:#a0a6b3;--line:#333843;--card:#1e2128;--accent:#ff8f82;--mark:#4d3a16}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}
`;

/** For visitors. @internal */
export const ERROR_STYLE = `${COLOURS}body{min-height:100vh;display:grid;place-items:center;padding:2rem}
main{max-width:34rem;width:100%}
.status{margin:0;font-size:clamp(4rem,18vw,7rem);font-weight:800;line-height:1;letter-spacing:-.04em;color:var(--accent)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
h1{margin:.5rem 0;font-size:1.5rem;line-height:1.25}
p,li{overflow-wrap:anywhere}
.id{margin-top:2rem;color:var(--soft)}
`;

/** For developers. @internal */
export const REPORT_STYLE = `${COLOURS}header,main{max-width:70rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
.status{margin:0;font-weight:700;color:var(--accent)}
.request{margin:0;color:var(--soft);overflow-wrap:anywhere}
section{margin:1.25rem 0;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
h1,h2{margin:0 0 .75rem;font-size:1.15rem;font-weight:400;line-height:1.35;overflow-wrap:anywhere;white-space:pre-wrap}
h1{font-size:1.4rem}
h2:only-child,section>h2:first-child:has(+table,+pre){font-weight:700}
small{color:var(--soft)}
pre{margin:0;overflow-x:auto;line-height:1.45}
pre:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
figure{margin:0 0 1rem}
figcaption{color:var(--soft);font-size:.875rem;margin-bottom:.25rem}
mark{background:var(--mark);color:inherit}
ol{margin:.5rem 0;padding-left:1.75rem;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft)}
details pre{margin-top:.5rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line);overflow-wrap:anywhere}
th{width:30%;font-weight:600}
footer{margin:1.5rem 0;color:var(--soft);font-size:.875rem}
`;
