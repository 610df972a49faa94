import { at, itemsOf, textAt, type Placed, type Report } from './ignition-places.ts';
import type { IgnitionVersion } from './ignition-fields.ts';
import { shown } from './finding.ts';

/** Everything that Ignition fetches: contents of files, further configurations, certificates, key files. */
export function checkResources(root: Placed, version: IgnitionVersion, report: Report): void {
  const config = at(root, 'ignition', 'config');
  const certificates = itemsOf(root, 'ignition', 'security', 'tls', 'certificateAuthorities');
  const configs = [...itemsOf(config, 'append'), ...itemsOf(config, 'merge'), at(config, 'replace'), ...certificates];
  for (const place of configs) {
    if (place.value === undefined || place.value === null) continue;
    if (textAt(place, 'source') === '') report.error(place, 'there is no "source"', 'name the URL that holds it');
    checkResource(place, version, report);
  }
  for (const file of itemsOf(root, 'storage', 'files')) {
    checkResource(at(file, 'contents'), version, report);
    for (const more of itemsOf(file, 'append')) checkResource(more, version, report);
  }
  for (const luks of itemsOf(root, 'storage', 'luks')) checkResource(at(luks, 'keyFile'), version, report);
  for (const key of ['httpProxy', 'httpsProxy']) {
    const proxy = at(root, 'ignition', 'proxy', key);
    if (typeof proxy.value !== 'string' || /^https?:\/\//.test(proxy.value)) continue;
    report.error(proxy, `${shown(proxy.value)} is no proxy`, 'write http://HOST:PORT');
  }
}

function checkResource(resource: Placed, version: IgnitionVersion, report: Report): void {
  const source = at(resource, 'source');
  const wrong = typeof source.value === 'string' ? sourceProblem(source.value, version) : undefined;
  if (wrong !== undefined) {
    const data = typeof source.value === 'string' && /^data:/i.test(source.value);
    report.error(source, wrong, data ? 'encode it anew' : `schemes: ${schemes(version).join(', ')}`);
  }
  const compression = at(resource, 'compression');
  if (typeof compression.value === 'string' && !['', 'gzip'].includes(compression.value)) {
    report.error(
      compression,
      `the compression ${shown(compression.value)} is unknown`,
      'write "gzip", or leave it out',
    );
  }
  const hash = at(resource, 'verification', 'hash');
  if (typeof hash.value === 'string') checkHash(hash, hash.value, version, report);
}

function schemes({ major, minor, oem }: IgnitionVersion): readonly string[] {
  const old = major === 2 || oem === true ? ['oem'] : [];
  const gs = major === 3 && minor >= 2 ? ['gs'] : [];
  const arn = major === 3 && minor >= 4 ? ['arn'] : [];
  return ['http', 'https', 'tftp', 'data', 's3', ...old, ...gs, ...arn];
}

/** The empty text means: an empty file. */
function sourceProblem(source: string, version: IgnitionVersion): string | undefined {
  if (source === '') return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) return `the source ${shown(source)} has no scheme`;
  if (!schemes(version).includes(scheme))
    return `the source scheme "${scheme.slice(0, 20)}" is unknown to this version`;
  if (scheme === 'data') return dataProblem(source);
  if (scheme === 'arn' || URL.canParse(source)) return undefined;
  return `the source ${shown(source)} is no URL`;
}

/** RFC 2397. */
function dataProblem(source: string): string | undefined {
  const comma = source.indexOf(',');
  if (comma === -1) return 'a data URL needs a comma before its data';
  const data = source.slice(comma + 1);
  const percent = /%(?![0-9A-Fa-f]{2})/.test(data);
  if (percent) return 'a "%" in a data URL must be followed by two hexadecimal digits';
  if (!/;base64$/i.test(source.slice(0, comma))) return undefined;
  const digits = data.replaceAll(/%3D/gi, '=').replaceAll(/%2B/gi, '+').replaceAll(/%2F/gi, '/');
  const fine = digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
  return fine ? undefined : 'the data of this data URL is not base64';
}

const DIGITS: Readonly<Record<string, number>> = { sha512: 128, sha256: 64 };

/** `FUNCTION-HEX`; sha256 since 3.1.0. */
function checkHash(hash: Placed, text: string, { major, minor }: IgnitionVersion, report: Report): void {
  const allowed = major === 3 && minor >= 1 ? ['sha512', 'sha256'] : ['sha512'];
  const [, name = '', digits = ''] = /^([^-]*)-(.*)$/s.exec(text) ?? [];
  if (!allowed.includes(name)) {
    report.error(
      hash,
      `${shown(text)} is no hash of this version`,
      `write ${allowed.join('- or ')}- and hexadecimal digits`,
    );
  } else if (digits.length !== DIGITS[name] || !/^[0-9a-f]*$/i.test(digits)) {
    report.error(hash, `a ${name} hash has ${DIGITS[name] ?? 0} hexadecimal digits`, `copy it anew: ${name}sum FILE`);
  }
}
