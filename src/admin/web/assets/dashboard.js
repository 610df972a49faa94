// Keeps an open page up to date. Everything can be read and done without it.
// The server says over /api/v1/events what has changed; this asks for the page's live part again and takes over the
// differences, so that focus, selection, open folds and typed text stay as they are.
/* global document, DOMParser, EventSource, location, Node, setInterval, setTimeout, URL, window */
'use strict';

const PAUSE = 1000; // between two updates
const TICK = 5000; // relative times
const RETRY = 5000; // after the browser has given up on the stream
const QUIET = 10_000; // between two announcements

// A proxy may have put us below a path of its host: this script was found below it, too.
const base = new URL(document.currentScript.src).pathname.replace(/\/dashboard\/assets\/[^/]*$/, '');
const topics = (document.body.dataset.topics || '').split(' ').filter(Boolean);
const touched = new WeakSet();

document.addEventListener('input', (event) => {
  if (event.target.form) touched.add(event.target.form);
});

/** As on the server: relativeText in src/model/text.ts. */
function relativeText(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds < 5) return 'just now';
  const units = [
    [60, 1, 's'],
    [3600, 60, 'min'],
    [172_800, 3600, 'h'],
    [Infinity, 86_400, 'd'],
  ];
  const [, size, unit] = units.find(([limit]) => seconds < limit);
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

function tick() {
  for (const time of document.querySelectorAll('time[data-relative]')) {
    const text = relativeText(Date.parse(time.dateTime) - Date.now());
    if (time.textContent !== text) time.textContent = text;
  }
}

/** The focus is in it, or something was typed in it: it stays as it is. */
function isInUse(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const forms = node.matches('form') ? [node] : [...node.querySelectorAll('form')];
  return forms.some((form) => touched.has(form) || form.contains(document.activeElement));
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || undefined : undefined;
}

/** Whether `old` can become `fresh` without being replaced. */
function matches(old, fresh) {
  return old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.matches('form') && isInUse(old)) return;
  patchAttributes(old, fresh);
  patchChildren(old, fresh);
}

function patchAttributes(old, fresh) {
  const fold = old.nodeName === 'DETAILS'; // who opened it, keeps it open
  for (const { name, value } of fresh.attributes) {
    if (!(fold && name === 'open') && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!(fold && name === 'open') && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

function patchChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    const same = key ? keyed.get(key) : place;
    if (same && same.parentNode === old && matches(same, child)) {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      patch(same, child);
    } else if (!key && place && !keyOf(place) && !isInUse(place)) {
      const next = place.nextSibling;
      old.replaceChild(child, place);
      place = next;
    } else {
      old.insertBefore(child, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    if (!isInUse(place)) place.remove();
    place = next;
  }
}

let announced = 0;
function announce(summary) {
  if (!summary || Date.now() - announced < QUIET) return;
  announced = Date.now();
  document.getElementById('announce').textContent = summary;
}

// Boxes that are ticked choose machines: meanwhile the rows stand still, so that no box is another machine's when the
// hand comes down.
const picks = () => [...document.querySelectorAll('#live input[name="machine"]')];
const picked = () => picks().filter((box) => box.checked).length;

function counted() {
  const [told, whole] = [document.getElementById('chosen'), document.querySelector('#pick-all input')];
  if (!told || !whole) return;
  const [count, all] = [picked(), picks().length];
  told.textContent = count === 0 ? '' : `${count} chosen; the list stands still meanwhile`;
  whole.checked = count > 0 && count === all;
  whole.indeterminate = count > 0 && count < all;
}

document.addEventListener('change', ({ target }) => {
  if (target.type !== 'checkbox' || !target.closest('#live')) return;
  if (target.closest('#pick-all')) for (const box of picks()) box.checked = target.checked;
  counted();
  if (picked() === 0) soon();
});

async function update() {
  if (picked() > 0) return;
  const answer = await fetch(location.href, { headers: { 'X-Fragment': '1' }, credentials: 'same-origin' });
  if (answer.redirected) {
    location.reload(); // logged out
    return;
  }
  if (!answer.ok) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = parsed.getElementById('live');
  const live = document.getElementById('live');
  if (!fresh || !live) return;
  if (fresh.dataset.summary !== live.dataset.summary) announce(fresh.dataset.summary);
  patch(live, document.adoptNode(fresh));
  showPickAll();
  tick();
}

/** Only a script can tick them all. */
function showPickAll() {
  const label = document.getElementById('pick-all');
  if (label) label.hidden = false;
}

// At most one update a second, and never two at once: what comes meanwhile is one more update at the end.
let running = false;
let wanted = false;
async function soon() {
  wanted = true;
  if (running) return;
  running = true;
  while (wanted) {
    wanted = false;
    try {
      await update();
    } catch {
      // no connection: the stream notices too, and asks again when it is back
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  running = false;
}

function online(yes) {
  document.getElementById('link-state').hidden = yes;
}

function listen() {
  const stream = new EventSource(`${base}/api/v1/events`);
  let broken = false;
  stream.addEventListener('open', () => {
    online(true);
    if (broken) soon(); // what was missed
    broken = false;
  });
  stream.addEventListener('error', () => {
    online(false);
    broken = true;
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stream.close();
    setTimeout(() => {
      listen();
      soon();
    }, RETRY);
  });
  for (const topic of topics) stream.addEventListener(topic, soon);
}

tick();
showPickAll();
counted(); // after "back" the browser has ticked them again
setInterval(tick, TICK);
if (topics.length > 0) listen();

// Leaving asks first while the text of an editor is in no file. What a preview shows was typed, too: its page's address says so.
const editor = document.querySelector('form.editor');
if (editor) {
  const typed = /\/(?:preview|save)$/.test(location.pathname);
  let sent = false;
  editor.addEventListener('submit', () => {
    sent = true;
  });
  window.addEventListener('beforeunload', (event) => {
    const { text } = editor.elements;
    if (!sent && text && (typed || text.value !== text.defaultValue)) event.preventDefault();
  });
}
