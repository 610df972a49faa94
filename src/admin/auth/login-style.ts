/** The style of the login pages, served as /dashboard/login.css: their policy allows no other place for it. */
export const LOGIN_STYLE = `:root { color-scheme: light dark; --ink: #1c2430; --paper: #f4f5f3; --card: #ffffff; --soft: #5b6675; --line: #c9cfd7;
  --link: #0b5cad; --on: #ffffff; --bad: #a3232c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --paper: #14181d; --card: #1c222a; --soft: #9aa6b5;
  --line: #3a4552; --link: #7db8f5; --on: #0d1520; --bad: #ff8f8f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } p { margin: .5rem 0; } .soft { color: var(--soft); font-size: .925rem; }
label { display: block; margin: 1.25rem 0 .35rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--soft); border-radius: 6px; }
button { margin-top: 1rem; width: 100%; padding: .65rem 1rem; font: inherit; font-weight: 600; color: var(--on);
  background: var(--link); border: 0; border-radius: 6px; cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; } a { color: var(--link); }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
.problem { margin: 1rem 0 0; padding: .6rem .8rem; border-left: 3px solid var(--bad); color: var(--bad); }
`;
