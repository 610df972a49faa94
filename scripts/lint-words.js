// The lint rule of the words: names and text in src use the field's words (CONTRIBUTING.md, What we hold ourselves to).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Words that no name may contain (camelCase is split), and what to write instead. */
const NAMES = {
  office: 'admin service',
  desk: 'boot service',
  standing: 'install state',
  placed: 'install state',
  whereabouts: 'address table',
  journalist: 'event recorder',
  troubles: 'diagnostics',
  findings: 'diagnostics',
  arrivals: 'download progress',
  placeholder: 'sample machine',
  strays: 'unattributed events',
  stick: 'file import',
  clerk: 'sync runner',
  lane: 'keyed mutex',
  lanes: 'keyed mutex',
  stand: 'setup',
  weather: 'network faults',
  house: 'app context',
  door: 'server',
  doors: 'server',
  gate: 'request guard',
  patience: 'timeout',
  twin: 'duplicate',
  culprit: 'offender',
  blame: 'offender',
  heed: 'handle, on',
  hear: 'handle, on',
  nobody: 'the thing that is meant: unknown, none',
  somebody: 'the thing that is meant: a client, another process',
  whoever: 'the thing that is meant',
};

/** Words that no comment, message or page may contain. */
const TEXT = [
  'nobody',
  'somebody',
  'whoever',
  'office',
  'desk',
  'door',
  'doors',
  'whereabouts',
  'journalist',
  'strays',
  'clerk',
  'patience',
  'twin',
  'culprit',
  'troubles',
  'heed',
];

/** Keys of the admin API that programs read: as a property they keep their names. */
const API_KEYS = new Set(['troubles']);

const IN_TEXT = new RegExp(`\\b(${TEXT.join('|')})\\b`, 'giu');

/** @type {import('eslint').Rule.RuleModule} */
const words = {
  meta: {
    type: 'suggestion',
    schema: [{ type: 'array', items: { type: 'string' } }],
    messages: { word: '"{{word}}" is not our word: write {{instead}}' },
  },
  create(context) {
    // Tests speak of more than Pilotlight: only these words are refused there, in names.
    const [some] = context.options;
    const isRefused = (word) => Object.hasOwn(NAMES, word) && (some === undefined || some.includes(word));
    const report = (loc, word) => {
      context.report({
        loc,
        messageId: 'word',
        data: { word, instead: NAMES[word.toLowerCase()] ?? 'it another way' },
      });
    };
    const text = (node, value) => {
      if (some !== undefined) return;
      for (const [word] of value.matchAll(IN_TEXT)) report(node.loc, word);
    };
    return {
      Program(program) {
        for (const comment of program.comments) text(comment, comment.value);
      },
      Identifier(node) {
        if (API_KEYS.has(node.name) && isPropertyName(node)) return;
        for (const [word] of node.name.matchAll(/[A-Z]?[a-z]+|[A-Z]+/gu)) {
          if (isRefused(word.toLowerCase())) report(node.loc, word);
        }
      },
      Literal(node) {
        if (typeof node.value === 'string' && !API_KEYS.has(node.value)) text(node, node.value);
      },
      TemplateElement(node) {
        text(node, node.value.raw);
      },
    };
  },
};

function isPropertyName({ parent, name }) {
  if (parent.type === 'MemberExpression') return !parent.computed && parent.property.name === name;
  return parent.type === 'Property' && !parent.shorthand && parent.key.name === name;
}

/** ESLint's cache goes by the version of a plugin: another list of words looks at every file again. */
const version = createHash('sha256')
  .update(readFileSync(import.meta.filename))
  .digest('hex');

export const vocabulary = { meta: { name: 'vocabulary', version }, rules: { words } };
