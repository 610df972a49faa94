import { IDENTITY_KEYS } from '../model/machine.ts';
import { Lines } from '../text/text.ts';

/** A tag that has no counterpart in Handlebars. */
export interface Untranslated {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

interface Translation {
  /** Whether there was any tag in it: a text without one is no template. */
  readonly isTemplate: boolean;
  readonly text: string;
  readonly faults: readonly Untranslated[];
}

const TAG = /\{\{(-\s)?\s*(\/\*[^]*?\*\/|(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|[^}"`])*?)\s*(\s-)?\}\}/g;

/**
 * A template of matchbox (Go's text/template; metadata, selectors and the request are the dot) as Handlebars. What has no
 * counterpart is a fault with its line, and then the text is of no use: half a translation would be half a configuration.
 */
export function translateGoTemplate(source: string): Translation {
  const lines = new Lines(source);
  const faults: Untranslated[] = [];
  const blocks = new Blocks();
  let text = '';
  let end = 0;
  let isTemplate = false;
  for (const { index, 0: whole, 1: before, 2: body = '', 3: after } of source.matchAll(TAG)) {
    isTemplate = true;
    // A backslash before two braces takes them for text in Handlebars; two of them are one.
    text += source.slice(end, index).replace(/\\$/, '\\\\');
    end = index + whole.length;
    const alone = /(?:^|\n)[ \t]*$/.test(source.slice(0, index)) && /^[ \t]*(?:\r?\n|$)/.test(source.slice(end));
    try {
      const tag = blocks.translate(body);
      text += inBraces(tag, alone, before === undefined ? '' : '~', after === undefined ? '' : '~');
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      faults.push({ line: lines.at(index).line, message: error.message, remedy: error.remedy });
    }
  }
  text += source.slice(end);
  const stray = source.slice(end).indexOf('{{');
  if (stray !== -1 || blocks.open) {
    const line = lines.at(stray === -1 ? source.length : end + stray).line;
    const message = stray === -1 ? 'a block is not closed: {{end}} is missing' : 'a tag that does not end';
    faults.push({ line, message, remedy: 'matchbox refuses this template, too' });
  }
  return { isTemplate, text, faults };
}

/**
 * Where a block or a comment stands alone on its line, Handlebars takes the line away; Go leaves it. An empty comment
 * beside the tag makes it not alone. The tildes stay outermost.
 */
function inBraces(tag: string, alone: boolean, before: string, after: string): string {
  if (tag.startsWith('\\')) return tag;
  if (!alone || !/^(?:[#/!]|else\b)/.test(tag)) return `{{${before}${tag}${after}}}`;
  return tag.startsWith('/') ? `{{${before}!}}{{${tag}${after}}}` : `{{${before}${tag}}}{{!${after}}}`;
}

class Unknown extends Error {
  readonly remedy: string;

  constructor(message: string, remedy = 'write what it gives as Handlebars: see docs/documents.md') {
    super(message);
    this.name = 'Unknown';
    this.remedy = remedy;
  }
}

type BlockName = 'if' | 'each' | 'with';
interface Block {
  readonly name: BlockName;
  /** What `$x` is called inside. */
  readonly names: readonly string[];
}

/** The blocks that are open where a tag stands: they decide what the dot is. */
class Blocks {
  readonly #open: Block[] = [];

  get open(): boolean {
    return this.#open.length > 0;
  }

  /** What stands between the braces in Handlebars; a text with `\{{` where the tag gives braces themselves. */
  translate(body: string): string {
    if (body.startsWith('/*')) return `!--${body.slice(2, -2).replaceAll('--', '-')}--`;
    const [word = '', ...rest] = wordsOf(body);
    switch (word) {
      case 'if':
        return this.#begin('if', rest, []);
      case 'with':
        return this.#begin('with', ...named(rest));
      case 'range':
        return this.#begin('each', ...named(rest));
      case 'else':
        if (!this.open) throw new Unknown('{{else}} without a block');
        if (rest[0] === 'if' && this.#open.at(-1)?.name === 'if') return `else if ${this.#value(rest.slice(1))}`;
        if (rest.length > 0) throw new Unknown(`{{${body}}} has no counterpart`);
        return 'else';
      case 'end': {
        const block = this.#open.pop();
        if (block === undefined) throw new Unknown('{{end}} without a block');
        return `/${block.name}`;
      }
      default:
        if (rest.length === 0 && /^["`]/.test(word)) return literalText(word);
        return this.#value([word, ...rest], true);
    }
  }

  #begin(name: BlockName, subject: readonly string[], names: readonly string[]): string {
    // The subject is read before the block changes what the dot is; the block is open even where it cannot be read.
    const block = { name, names: names.map((one) => one.slice(1)) };
    try {
      const as = names.length === 0 ? '' : ` as |${goOrder(block.names).join(' ')}|`;
      return `#${name} ${this.#value(subject)}${as}`;
    } finally {
      this.#open.push(block);
    }
  }

  /** An expression; `bare` where it is the whole tag, so that a helper needs no brackets. */
  #value(words: readonly string[], bare = false): string {
    const [word = '', ...rest] = words;
    if (words.includes('|')) throw new Unknown('a pipe (|) has no counterpart');
    if (words.includes(':=') || words.includes('=')) throw new Unknown('a variable ($x := ...) has no counterpart');
    if (rest.length === 0) return bare ? this.#operand(word).replace(/^\((.*)\)$/, '$1') : this.#operand(word);
    const call = this.#call(word, rest);
    return bare ? call : `(${call})`;
  }

  #call(word: string, rest: readonly string[]): string {
    if (word === 'index') {
      const [from = '', key = '', ...more] = rest;
      if (more.length > 0 || !/^["`]/.test(key)) throw new Unknown('this `index` has no counterpart');
      const object = from === '.' && this.#isRoot ? 'vars' : this.#operand(from);
      return `lookup ${object} ${JSON.stringify(unquoted(key))} default=""`;
    }
    const count = HELPERS[word];
    if (count === undefined) throw new Unknown(`the function "${word}" has no counterpart`);
    if (rest.length < count[0] || rest.length > count[1]) throw new Unknown(`this use of "${word}" has no counterpart`);
    return [word, ...rest.map((one) => this.#operand(one))].join(' ');
  }

  #operand(word: string): string {
    if (/^["`]/.test(word)) return JSON.stringify(unquoted(word));
    if (/^(?:-?\d+|true|false)$/.test(word)) return word;
    if (word.startsWith('(') && word.endsWith(')')) return this.#value(wordsOf(word.slice(1, -1)));
    if (word === '.') {
      if (this.#isRoot) throw new Unknown('the dot itself, all metadata at once, has no counterpart');
      return 'this';
    }
    if (/^\.[A-Za-z_]\w*(?:\.\w+)*$/.test(word)) return this.#isRoot ? ofMachine(word.slice(1)) : `this${word}`;
    if (/^\$\.[A-Za-z_]\w*(?:\.\w+)*$/.test(word)) return fromRoot(ofMachine(word.slice(2)));
    const [, name = '', path = ''] = /^\$(\w+)((?:\.\w+)*)$/.exec(word) ?? [];
    if (name !== '' && this.#open.some(({ names }) => names.includes(name))) return `${name}${path}`;
    throw new Unknown(`"${word}" has no counterpart`);
  }

  get #isRoot(): boolean {
    return this.#open.every(({ name }) => name === 'if');
  }
}

/** How many operands a function takes that Handlebars has under the same name. */
const HELPERS: Readonly<Record<string, readonly [number, number]>> = {
  eq: [2, 2],
  ne: [2, 2],
  not: [1, 1],
  and: [1, 16],
  or: [1, 16],
};

/** What matchbox knows of a machine: its selectors and metadata at the top, what it said under `request`. */
function ofMachine(path: string): string {
  const [first = '', second, third = ''] = path.split('.');
  if (first === 'request') {
    if (second === 'query' && ASKED.includes(third)) return `(lookup request "${third}" default="")`;
    const remedy = 'of a request only mac, uuid, serial and hostname are known';
    throw new Unknown(`{{.${path}}} has no counterpart`, remedy);
  }
  return second === undefined && IDENTITY_KEYS.some((key) => key === first) ? `node.${first}` : `vars.${path}`;
}

/** From within a block that changed what the dot is. */
function fromRoot(path: string): string {
  return path.startsWith('(') ? path.replace('lookup ', 'lookup @root.') : `@root.${path}`;
}

const ASKED: readonly string[] = [...IDENTITY_KEYS, 'hostname'];

/** `$k, $v := .map` and `$v := .list`: the subject, and the names. */
function named(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const at = words.indexOf(':=');
  if (at === -1) return [words, []];
  const names = words.slice(0, at).map((word) => word.replace(/,$/, ''));
  return [words.slice(at + 1), names.filter((name) => name !== '')];
}

/** Go says the key first, Handlebars the value. */
function goOrder(names: readonly string[]): readonly string[] {
  return names.toReversed();
}

/** Blanks divide words, outside of quotes and of brackets. */
function wordsOf(body: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let depth = 0;
  for (const [part] of body.matchAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|\s+|:=|[^]/g)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (depth === 0 && /^(?:\s+|:=|\|)$/.test(part)) {
      words.push(word, part.trim());
      word = '';
    } else word += part;
  }
  return [...words, word].filter((one) => one !== '');
}

function unquoted(word: string): string {
  if (word.startsWith('`')) return word.slice(1, -1);
  try {
    return JSON.parse(word) as string;
  } catch {
    throw new Unknown(`${word} has no counterpart`);
  }
}

/** `{{"{{"}}` is how Go writes two braces. */
function literalText(word: string): string {
  const text = unquoted(word);
  if (text === '{{') return '\\{{';
  throw new Unknown(`{{${word}}} has no counterpart`, 'write the text itself, without braces around it');
}
