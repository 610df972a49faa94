import { placeText } from '../../domain/failure.ts';
import type { Origin } from '../../domain/origin.ts';
import type { Problem } from '../../domain/problem.ts';
import { Markup, markup } from './markup.ts';
import { START_STYLE } from './start-style.ts';

export interface OverviewProfile {
  readonly name: string;
  /** For people: `Flatcar Container Linux`. */
  readonly system: string;
  /** Empty when the profile names none. */
  readonly version: string;
  readonly nodes: number;
  readonly default: boolean;
}

/** What the start page shows, as `app` reads it off the catalog. */
export interface Overview {
  /** Pilotlight's own. */
  readonly version: string;
  readonly profiles: readonly OverviewProfile[];
  readonly problems: readonly Problem[];
}

/** Where a person is who opened the server in a browser, what to tell machines, what is wrong, what to do next. */
export function startPage(view: Overview, origin: Origin): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pilotlight</title>
<style>${new Markup(START_STYLE)}</style>
</head>
<body>
<header>
<h1>Pilotlight</h1>
<p class="soft">Network boot server, version ${view.version}, at <code>${origin}</code></p>
</header>
<main>
${problems(view.problems)}
${bootUrl(origin)}
${profiles(view.profiles)}
${nextSteps(view, origin)}
</main>
</body>
</html>
`;
  return page.text;
}

function problems(all: readonly Problem[]): Markup {
  if (all.length === 0) return markup``;
  const items = all.map(
    ({ severity, place, message, remedy }) => markup`
<li class="${severity}"><strong>${severity}</strong> <code>${placeText(place)}</code>
<p>${message}</p>${
      remedy === undefined
        ? markup``
        : markup`
<p>Remedy: ${remedy}</p>`
    }</li>`,
  );
  return markup`<section aria-labelledby="problems">
<h2 id="problems">Needs attention (${all.length})</h2>
<p>Where a file was right before, its last good version is still in force.</p>
<ul class="problems">${items}
</ul>
</section>`;
}

function bootUrl(origin: Origin): Markup {
  return markup`<section aria-labelledby="boot">
<h2 id="boot">What to tell your machines</h2>
<p>Point iPXE here, in a script or as the boot file that your DHCP server gives to iPXE:</p>
<pre>${origin}/boot.ipxe</pre>
<p>At an iPXE prompt:</p>
<pre>dhcp &amp;&amp; chain ${origin}/boot.ipxe</pre>
<p>In dnsmasq:</p>
<pre>dhcp-match=set:ipxe,175
dhcp-boot=tag:ipxe,${origin}/boot.ipxe</pre>
</section>`;
}

function profiles(all: readonly OverviewProfile[]): Markup {
  const rows = all.map(
    (profile) => markup`
<tr><td><a href="/profiles/${encodeURIComponent(profile.name)}.json">${profile.name}</a></td>
<td>${profile.system}</td><td>${profile.version === '' ? 'none' : profile.version}</td><td>${bootedBy(profile)}</td></tr>`,
  );
  const table = markup`<div class="wide"><table>
<thead><tr><th scope="col">Name</th><th scope="col">System</th><th scope="col">Version</th><th scope="col">Booted by</th></tr></thead>
<tbody>${rows}
</tbody>
</table></div>`;
  const none = markup`<p>There are none yet: write <code>profiles/NAME.json</code> in the data directory.</p>`;
  return markup`<section aria-labelledby="profiles">
<h2 id="profiles">Profiles (${all.length})</h2>
${all.length === 0 ? none : table}
</section>`;
}

function bootedBy({ nodes, default: isDefault }: OverviewProfile): string {
  const listed = nodes === 1 ? '1 node' : `${String(nodes)} nodes`;
  const rest = 'every machine that no profile lists';
  if (isDefault) return nodes === 0 ? rest : `${listed}, and ${rest}`;
  return nodes === 0 ? 'whoever asks for it by name' : listed;
}

function nextSteps(view: Overview, origin: Origin): Markup {
  const example = view.profiles[0]?.name ?? 'NAME';
  const mend = markup`<li>Mend the files above. An edit is in force within a second.</li>
`;
  return markup`<section aria-labelledby="next">
<h2 id="next">Next</h2>
<ol>
${view.problems.length === 0 ? [] : [mend]}<li>Let a machine boot <code>${origin}/boot.ipxe</code>. If nobody knows it, its screen says its MAC and what to add where.</li>
<li>See what a machine would get: <code>pilotlight render script --profile ${example} --explain</code></li>
<li>Check everything before machines do: <code>pilotlight check</code></li>
<li>Watch the server: <a href="/healthz">/healthz</a></li>
</ol>
</section>`;
}
