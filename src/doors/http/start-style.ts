/** The start page's whole style. It stands in the page itself; the page's policy allows exactly these bytes by their hash. */
export const START_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfbf9; --soft: #5b6675; --line: #d9dde3; --link: #0b5cad;
  --bad: #a3232c; --warn: #8a5a00; --code: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --paper: #14181d; --soft: #9aa6b5; --line: #2f3843;
  --link: #7db8f5; --bad: #ff8f8f; --warn: #f0c060; --code: #1f262e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 58rem; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .5rem 0; } a { color: var(--link); } .soft { color: var(--soft); }
code, pre { font: .92em/1.45 ui-monospace, monospace; background: var(--code); border-radius: 4px; }
code { padding: .1em .3em; overflow-wrap: anywhere; } pre { padding: .8rem 1rem; overflow-x: auto; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
.problems { padding: 0; list-style: none; } .problems li { padding: .5rem 0 .5rem .8rem; margin: .5rem 0;
  border-left: 3px solid var(--bad); } .problems .warning { border-color: var(--warn); }
.error strong { color: var(--bad); } .warning strong { color: var(--warn); }
`;
