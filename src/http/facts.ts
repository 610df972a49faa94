import {
  parseArch,
  parseLabel,
  type Label,
  type MachineArch,
  type MachineFacts,
  type Platform,
} from '../model/facts.ts';
import { Failure } from '../model/failure.ts';
import { parseSentMac, type Mac } from '../model/mac.ts';
import { isUuidText, parseUuid, type Uuid } from '../model/uuid.ts';
import { decodeStrict, decodeTolerant, show } from './percent.ts';
import { parseQuery, strictValue, type FactKey, type Query } from './query.ts';

const ARCHES: readonly MachineArch[] = ['i386', 'x86_64', 'arm32', 'arm64'];
const PLATFORMS: readonly Platform[] = ['pcbios', 'efi'];
const MAX_TEXT = 256;

/**
 * What a machine says of itself. Empty is absent (an iPXE setting that is not set), and so is a UUID that identifies
 * nobody. Strict where something is looked up by the value, tolerant where it is only text. Throws Failure `invalid`
 * naming the key.
 */
export function factsFromQuery(query: Query): MachineFacts {
  const mac = readMac(query);
  const uuid = readUuid(query);
  const serial = readLabel(query, 'serial');
  const hostname = readLabel(query, 'hostname');
  const asset = readLabel(query, 'asset');
  const manufacturer = readLabel(query, 'manufacturer');
  const product = readLabel(query, 'product');
  const arch = readWord(query, 'arch', ARCHES, parseArch);
  const platform = readWord(query, 'platform', PLATFORMS, platformNamed);
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(asset === undefined ? {} : { asset }),
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(product === undefined ? {} : { product }),
    ...(arch === undefined ? {} : { arch }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** A MAC from a path or a query, in any spelling. Throws Failure `invalid`. */
export function macFromText(text: string): Mac {
  const mac = parseSentMac(text);
  if (mac !== undefined) return mac;
  throw new Failure('invalid', `mac: "${show(text)}" is not a MAC address`, {
    remedy: 'six pairs of hexadecimal digits, such as 52-54-00-55-1c-ee',
  });
}

/** A machine as a segment of a path: its MAC, its UUID, or the words of a query (`uuid=...&serial=...`). */
export function factsFromSegment(segment: string): MachineFacts {
  if (segment.includes('=')) return factsFromQuery(parseQuery(segment));
  const text = decodeStrict(segment) ?? segment;
  const uuid = parseUuid(text);
  return uuid === undefined ? { mac: macFromText(text) } : { uuid };
}

function readMac(query: Query): Mac | undefined {
  const text = strictValue(query, 'mac');
  return text === '' ? undefined : macFromText(text);
}

function readUuid(query: Query): Uuid | undefined {
  const text = strictValue(query, 'uuid');
  if (text === '') return undefined;
  if (isUuidText(text)) return parseUuid(text);
  throw new Failure('invalid', `uuid: "${show(text)}" is not a UUID`, {
    remedy: 'such as c6c30f6a-4a1b-4337-8325-c4c2543ad437',
  });
}

function readLabel(query: Query, key: FactKey): Label | undefined {
  const text = decodeTolerant(query.get(key) ?? '');
  if (Buffer.byteLength(text) > MAX_TEXT) {
    throw new Failure('invalid', `${key} is longer than ${MAX_TEXT} bytes`, { remedy: 'send less, or leave it out' });
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new Failure('invalid', `${key} has a control character`, { remedy: 'send printable text, or leave it out' });
  }
  return parseLabel(text);
}

function platformNamed(text: string): Platform | undefined {
  return PLATFORMS.find((candidate) => candidate === text);
}

function readWord<T extends string>(
  query: Query,
  key: FactKey,
  words: readonly T[],
  parse: (text: string) => T | undefined,
): T | undefined {
  const text = strictValue(query, key);
  if (text === '') return undefined;
  const word = parse(text);
  if (word !== undefined) return word;
  throw new Failure('invalid', `${key}: "${show(text)}" is unknown`, { remedy: `one of ${words.join(', ')}` });
}
