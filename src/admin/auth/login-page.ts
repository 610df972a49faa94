/** Text that is markup already. Made by `markup` only. */
class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template in which every value is escaped, except what it made itself. Attributes must stand in quotes. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(fragment)));
}

function fragment(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map((part) => part.text).join('');
  return String(value).replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

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

export interface LoginForm {
  /** Where to go afterwards: a path of ours. */
  readonly next: string;
  /** What went wrong before; one sentence. */
  readonly problem?: string;
}

/** The form that takes the admin token. */
export function loginPage({ next, problem }: LoginForm): string {
  const trouble = problem === undefined ? markup`` : markup`<p class="problem" role="alert">${problem}</p>`;
  return page(
    'Log in',
    markup`<h1>Pilotlight</h1>
<p class="soft">Operators show the admin token. It is in <code>state/admin-token</code> of the data directory, unless
the settings name one; <code>pilotlight login</code> prints a link that needs none.</p>
${trouble}
<form method="post" action="/dashboard/login">
<input type="hidden" name="next" value="${next}">
<input name="username" autocomplete="username" value="operator" hidden>
<label for="token">Admin token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus spellcheck="false">
<button type="submit">Log in</button>
</form>`,
  );
}

/**
 * Shown instead of a redirect: the browser may have come from another site (a mail, a chat), and then sends no
 * SameSite=Strict cookie on any redirect that follows. This page is ours, so what it loads next gets the cookie.
 */
export function welcomePage(next: string): string {
  return page(
    'Logged in',
    markup`<h1>You are logged in</h1>
<p>The link has done its work and is void now.</p>
<p><a href="${next}">Go on to the dashboard</a></p>`,
    markup`<meta http-equiv="refresh" content="0; url=${next}">
`,
  );
}

function page(title: string, main: Markup, head: Markup = markup``): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${head}<title>${title} - Pilotlight</title>
<link rel="stylesheet" href="/dashboard/login.css">
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.text;
}
