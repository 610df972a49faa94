import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
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
import { tags } from '@lezer/highlight';

// The text of a file in an editor: lines have numbers, an error its place, while it is typed. The text field that it stands
// for keeps the text, is what the form sends, and does all of it where no script runs.

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

// The colours are those of dashboard.css: its variables reach in here, in light and dark.

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.tagName], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.keyword], color: 'var(--violet)' },
  { tag: [tags.labelName, tags.typeName, tags.meta], color: 'var(--teal)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

const SMALL = { fontFamily: 'inherit', fontSize: '13px' };

const THEME = EditorView.theme({
  '&': {
    height: 'var(--editor-height, 504px)',
    minHeight: '96px',
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    fontSize: 'var(--editor-size, 12.5px)',
    overflow: 'hidden',
    resize: 'vertical',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-gutters': { color: 'var(--soft)', backgroundColor: 'var(--raised)', borderRight: '1px solid var(--line)' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 6px 0 8px' },
  '.cm-gutter-lint': { width: '20px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '3px 2px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent-wash) 60%, transparent)' },
  '.cm-activeLineGutter': { color: 'var(--ink)', backgroundColor: 'var(--accent-wash)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 30%, transparent)',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-wash)', outline: '1px solid var(--accent)' },
  '.cm-tooltip': {
    maxWidth: 'min(60ch, 80vw)',
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    ...SMALL,
  },
  '.cm-diagnostic': { padding: '6px 10px', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--ember)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad) 1px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn) 1px' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--raised)', ...SMALL },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-textfield': {
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: '4px',
  },
  '.cm-button': {
    color: 'var(--ink)',
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: '4px',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-wash)', outline: '1px solid var(--warn)' },
});
