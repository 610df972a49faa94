import { type Markup, markup } from './markup.ts';

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
