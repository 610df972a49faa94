// The text of a file in an editor: lines have numbers, an error its place, while it is typed. The text field that it stands
// for keeps the text, is what the form sends, and does all of it where no script runs.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, linter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { COLOURS, THEME } from './editor-look.ts';

/** What the server says of a text: `placesOf` in editor-page.ts, `Preview` of the API. */
interface Place {
  readonly line?: number;
  readonly column?: number;
}
interface Problem extends Place {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly remedy?: string;
}
interface Preview {
  readonly file: string;
  readonly problems: readonly (Omit<Problem, keyof Place> & { readonly place: Place & { readonly file: string } })[];
}

/** After the last key, until the server is asked. */
const QUIET_MS = 600;
/** A longer text is judged by its preview alone. */
const MAX_JUDGED = 2 ** 20;

// A proxy may have put us below a path of its host: this script was found below it, too.
const script = document.currentScript as HTMLScriptElement | null;
const base = new URL(script?.src ?? location.href).pathname.replace(/\/dashboard\/assets\/[^/]*$/, '');
const field = document.querySelector<HTMLTextAreaElement>('form.editor textarea[data-language]');
if (field !== null) replace(field);

function replace(text: HTMLTextAreaElement): void {
  const label = text.labels[0];
  // In a tree of its own, the editor's styles are made by script: the page's policy allows no style element.
  const host = document.createElement('div');
  host.style.setProperty('--editor-height', `${text.rows * 20 + 24}px`);
  const root = host.attachShadow({ mode: 'open' });
  text.before(host);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({ doc: text.value, extensions: extensionsFor(text, label?.textContent ?? 'Text') }),
  });
  text.hidden = true;
  label?.addEventListener('click', () => {
    view.focus();
  });
  const known = JSON.parse(text.dataset['problems'] ?? '[]') as readonly Problem[];
  view.dispatch(
    setDiagnostics(
      view.state,
      known.map((one) => shown(one, view.state.doc)),
    ),
  );
  const go = (): void => {
    const line = Number(/^#line-(\d{1,7})$/.exec(location.hash)?.[1] ?? 0);
    if (line > 0) goTo(view, line);
  };
  window.addEventListener('hashchange', go);
  // The same place once more is no change of the address.
  document.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('a[href^="#line-"]') !== null) setTimeout(go);
  });
  go();
}

function extensionsFor(text: HTMLTextAreaElement, label: string): readonly Extension[] {
  return [
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars(),
    drawSelection(),
    history(),
    indentOnInput(),
    bracketMatching(),
    search({ top: true }),
    languageOf(text.dataset['language']),
    syntaxHighlighting(COLOURS),
    // Tab leaves the editor, as any field: the keyboard is not caught in it.
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
    EditorView.contentAttributes.of({ 'aria-label': label, autocapitalize: 'none', tabindex: '0' }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      text.value = update.state.doc.toString();
      text.dispatchEvent(new Event('input', { bubbles: true }));
    }),
    linter((view) => judge(view, text), { delay: QUIET_MS }),
    THEME,
  ];
}

function languageOf(name: string | undefined): Extension {
  if (name === 'json') return json();
  return name === 'yaml' ? yaml() : [];
}

let last: readonly Diagnostic[] = [];

/** What the server would say of the text now; what it said last where it does not answer. */
async function judge(view: EditorView, text: HTMLTextAreaElement): Promise<readonly Diagnostic[]> {
  const { doc } = view.state;
  const name = text.dataset['name'] ?? '';
  const called = name === '' ? (document.querySelector<HTMLInputElement>('#name')?.value.trim() ?? '') : name;
  if (called === '' || doc.length > MAX_JUDGED) return last;
  const path = `files/${text.dataset['folder'] ?? ''}/${encodeURIComponent(called)}/preview`;
  try {
    const answer = await fetch(`${base}/api/v1/${path}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: doc.toString() }),
    });
    if (!answer.ok) return last;
    const { file, problems } = (await answer.json()) as Preview;
    last = problems.filter(({ place }) => place.file === file).map((one) => shown({ ...one, ...one.place }, doc));
  } catch {
    // No connection: the page says so, and the next key asks again.
  }
  return last;
}

/** From its column to the end of the word; without a column, the line. */
function shown({ severity, message, remedy, line = 1, column }: Problem, doc: Text): Diagnostic {
  const { from, to, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const start = column === undefined ? text.search(/\S|$/) : Math.min(column - 1, text.length);
  const word =
    column === undefined ? text.length : (/^(?:"[^"]*"?|[\w.-]+|\S?)/.exec(text.slice(start))?.[0].length ?? 0);
  const says = remedy === undefined ? message : `${message} (${remedy})`;
  return { from: from + start, to: column === undefined ? to : from + start + word, severity, message: says };
}

function goTo(view: EditorView, number: number): void {
  const { from } = view.state.doc.line(Math.min(number, view.state.doc.lines));
  view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
  view.focus();
  view.dom.scrollIntoView({ block: 'nearest' });
}
