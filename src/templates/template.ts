import { Failure } from '../model/failure.ts';
import type { Json, JsonObject } from '../model/profile.ts';
import { nearest } from '../model/text.ts';
import { type Helper, HELPERS, own, truthy } from './helpers.ts';
import { ETCD_HELPERS } from './etcd-helpers.ts';
import {
  type BlockStep,
  type Expression,
  type PathExpression,
  readTemplate,
  type Spot,
  type Step,
} from './template-syntax.ts';

/**
 * What a template sees: `node` (name, mac, ip, uuid, serial, hostname), `vars`, `profile`, `ssh_keys`, `base_url`,
 * `cluster`, `request`. What is not known is absent, so that naming it is an error and not an empty string.
 */
export type TemplateData = JsonObject;

/** A template that has been read once and can be rendered for any number of machines. */
export interface Template {
  /** Where it came from, for messages: `configs/a.yml.hbs`. */
  readonly file: string;
  /**
   * Throws Failure `broken` with the template's line for a variable that is not there, and for a text over 4 MiB. `why`
   * may know more of a name that is not there: that it is not there yet, what to do about it.
   */
  render(data: TemplateData, why?: WhyMissing): string;
}

/** Why something that other machines' templates can name is not there for this one: `ssh_host_keys`, `node.name`. */
export type WhyMissing = (name: string) => Failure | undefined;

const MAX_SOURCE = 64 * 1024;
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_STEPS = 500_000;

const ALL_HELPERS: ReadonlyMap<string, Helper> = new Map([...HELPERS, ...ETCD_HELPERS]);
const HELPER_NAMES: ReadonlySet<string> = new Set(ALL_HELPERS.keys());

/**
 * Handlebars in strict mode without HTML escapes, walked instead of compiled: the parser is Handlebars' own, but its
 * compiler blocks for 2 s on 64 KiB of tags, and its strict mode looks neither at what `#if` and `#each` are asked nor
 * says where a nested name is missing. Nothing is generated or evaluated, so nothing in the data can become code.
 *
 * Limits: 64 KiB, 4,000 tags of 2,000 characters, blocks 32 deep. Throws Failure `broken` with file and line.
 */
export function compileTemplate(source: string, file: string): Template {
  if (Buffer.byteLength(source) > MAX_SOURCE) {
    throw new Failure('broken', 'a template may be 64 KiB long', {
      place: { file },
      remedy: 'name a file that is no template (without .hbs), or split it',
    });
  }
  const steps = readTemplate(source, file, HELPER_NAMES);
  return {
    file,
    render(data: TemplateData, why?: WhyMissing): string {
      const run = new Run(file, data, why);
      run.steps(steps, { stack: [data], loops: [], names: new Map() });
      return run.text();
    },
  };
}

type Entries = readonly (readonly [string | number, Json])[];

interface Loop {
  readonly index: number;
  readonly key: string | number;
  readonly first: boolean;
  readonly last: boolean;
}
interface Scope {
  /** What `this` is, innermost last. */
  readonly stack: readonly Json[];
  readonly loops: readonly Loop[];
  /** What `as |name|` gave. */
  readonly names: ReadonlyMap<string, Json>;
}

class Run {
  readonly #file: string;
  readonly #data: TemplateData;
  readonly #why: WhyMissing | undefined;
  readonly #out: string[] = [];
  #length = 0;
  #steps = 0;

  constructor(file: string, data: TemplateData, why: WhyMissing | undefined) {
    this.#file = file;
    this.#data = data;
    this.#why = why;
  }

  text(): string {
    return this.#out.join('');
  }

  steps(steps: readonly Step[], scope: Scope): void {
    for (const step of steps) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS) this.#fail(undefined, 'the template does not come to an end', 'loop over less');
      if (step.kind === 'text') this.#write(step.text, undefined);
      else if (step.kind === 'value') this.#value(step.value, scope);
      else this.#block(step, scope);
    }
  }

  #write(text: string, spot: Spot | undefined): void {
    this.#length += text.length;
    if (this.#length > MAX_TEXT) this.#fail(spot, 'the rendered text is over 4 MiB', 'loop over less');
    this.#out.push(text);
  }

  #value(expression: Expression & { readonly spot: Spot }, scope: Scope): void {
    const value = this.#evaluate(expression, scope);
    if (typeof value === 'object' && value !== null) {
      const name = expression.kind === 'path' ? `"${expression.text}"` : 'this';
      this.#fail(
        expression.spot,
        `${name} is a list or an object, not text`,
        'use {{json ...}}, {{join ...}} or {{#each ...}}',
      );
    }
    if (value === null) this.#isNull(expression);
    this.#write(String(value), expression.spot);
  }

  #block(block: BlockStep, scope: Scope): void {
    const value = this.#evaluate(block.subject, scope);
    switch (block.kind) {
      case 'if':
      case 'unless': {
        const yes = truthy(value) || (block.includeZero && value === 0);
        this.steps(yes === (block.kind === 'if') ? block.body : block.otherwise, scope);
        return;
      }
      case 'each':
        this.#each(block, this.#entries(block, value), scope);
        return;
      case 'with':
        if (value === null) this.#isNull(block.subject);
        if (truthy(value) || value === 0) this.steps(block.body, inside(scope, value, block.names, [value]));
        else this.steps(block.otherwise, scope);
        return;
      case 'section':
        if (value === null) this.#isNull(block.subject);
        if (Array.isArray(value)) this.#each(block, this.#entries(block, value), scope);
        else if (value === true) this.steps(block.body, scope);
        else if (value === false) this.steps(block.otherwise, scope);
        else this.steps(block.body, inside(scope, value, [], []));
    }
  }

  /** A text or a number has no items: to loop over nothing instead would leave a hole. */
  #entries({ subject }: BlockStep, value: Json): Entries {
    if (Array.isArray(value)) return value.map((item: Json, index) => [index, item] as const);
    if (typeof value === 'object' && value !== null) return Object.entries(value);
    const is = typeof value === 'string' ? 'text' : value === null ? 'null' : `${typeof value} ${String(value)}`;
    const remedy =
      typeof value === 'string' ? 'write a list, such as ["..."], also for one item' : 'write a list or an object';
    return this.#fail(spotOf(subject), `each needs a list or an object: ${nameOf(subject)} is ${is}`, remedy);
  }

  #each(block: BlockStep, entries: Entries, scope: Scope): void {
    for (const [index, [key, item]] of entries.entries()) {
      const loop = { index, key, first: index === 0, last: index === entries.length - 1 };
      const within = inside(scope, item, block.names, [item, key]);
      this.steps(block.body, { ...within, loops: [...scope.loops, loop] });
    }
    if (entries.length === 0) this.steps(block.otherwise, scope);
  }

  #evaluate(expression: Expression, scope: Scope): Json {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'path':
        return expression.data ? this.#loopValue(expression, scope) : this.#variable(expression, scope);
      case 'call': {
        const helper = ALL_HELPERS.get(expression.helper);
        if (helper === undefined)
          return this.#fail(expression.spot, `unknown helper "${expression.helper}"`, 'remove it');
        const args = expression.args.map((arg) => this.#evaluate(arg, scope));
        const options = new Map([...expression.options].map(([key, value]) => [key, this.#evaluate(value, scope)]));
        const fail = (message: string, remedy: string) =>
          this.#fail(expression.spot, `${expression.helper}: ${message}`, remedy);
        return helper({ args, options, fail });
      }
    }
  }

  #variable(path: PathExpression, scope: Scope): Json {
    const [head = ''] = path.parts;
    const named = path.up === 0 && path.named ? scope.names.get(head) : undefined;
    if (named !== undefined) return this.#follow(path, named, path.parts.slice(1));
    const start = scope.stack.at(-1 - path.up);
    if (start === undefined) return this.#fail(path.spot, `"${path.text}" leads out of the template`, 'remove a "../"');
    return this.#follow(path, start, path.parts);
  }

  #loopValue(path: PathExpression, scope: Scope): Json {
    const [head = '', ...rest] = path.parts;
    if (head === 'root') return this.#follow(path, this.#data, rest);
    const loop = scope.loops.at(-1 - path.up);
    if (loop === undefined || rest.length > 0 || !Object.hasOwn(loop, head)) {
      return this.#fail(
        path.spot,
        `"${path.text}" is not there`,
        'inside {{#each}} there are @index, @key, @first, @last',
      );
    }
    return loop[head as keyof Loop];
  }

  #follow(path: PathExpression, start: Json, parts: readonly string[]): Json {
    let value = start;
    for (const part of parts) {
      const next = own(value, part);
      if (next === undefined) return this.#missing(path, part, value);
      value = next;
    }
    return value;
  }

  /** A null is as good as missing: it may be asked for (`#if`, `has`, `lookup`), and it is never an empty text. */
  #isNull(expression: Expression): never {
    const remedy = 'give it a value, ask by {{#if ...}}, or use {{lookup ... default="..."}}';
    return this.#fail(spotOf(expression), `variable "${nameOf(expression)}" is null`, remedy);
  }

  #missing(path: PathExpression, part: string, around: Json): never {
    const reason = this.#why?.(around === this.#data ? part : path.text);
    if (reason !== undefined) {
      const { code, message, remedy } = reason;
      throw new Failure(code, `variable "${path.text}" is not there: ${message}`, {
        place: { file: this.#file, ...path.spot },
        remedy,
      });
    }
    const whose = part === path.text && around !== this.#data ? own(around, 'name') : undefined;
    if (typeof whose === 'string') {
      // Of many, as `cluster` has them, it must be known which.
      const remedy = `give it to ${whose}, or ask first: {{#if (has this "${part}")}}`;
      return this.#fail(path.spot, `variable "${part}" is not there for ${whose}`, remedy);
    }
    const known = typeof around === 'object' && around !== null && !Array.isArray(around) ? Object.keys(around) : [];
    const meant = nearest(part, known);
    const remedy =
      meant === undefined
        ? 'define it in vars of the node or the profile, or use {{lookup}}'
        : `did you mean "${meant}"?`;
    const what = part === path.text ? '' : `: there is no "${part}"`;
    return this.#fail(path.spot, `variable "${path.text}" is not there${what}`, remedy);
  }

  #fail(spot: Spot | undefined, message: string, remedy: string): never {
    throw new Failure('broken', message, { place: { file: this.#file, ...spot }, remedy });
  }
}

/** `this` becomes `value`; as in Handlebars, `../` counts only blocks that changed it. */
function inside(scope: Scope, value: Json, names: readonly string[], values: readonly Json[]): Scope {
  const stack = value === scope.stack.at(-1) ? scope.stack : [...scope.stack, value];
  if (names.length === 0) return { ...scope, stack };
  const given = new Map(scope.names);
  for (const [i, name] of names.entries()) given.set(name, values[i] ?? null);
  return { ...scope, stack, names: given };
}

function spotOf(expression: Expression): Spot | undefined {
  return expression.kind === 'literal' ? undefined : expression.spot;
}

/** As it stands in the template, as far as it has a name. */
function nameOf(expression: Expression): string {
  if (expression.kind === 'path') return expression.text;
  return expression.kind === 'call' ? `(${expression.helper} ...)` : JSON.stringify(expression.value);
}
