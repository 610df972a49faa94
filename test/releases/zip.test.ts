import { describe, expect, it } from 'vitest';
import { isZip, readZip } from '../../src/releases/zip.ts';
import { zipOf } from '../support/boot-programs.ts';

const MOST = 1000;
const ONE = zipOf({ one: 'the first file' });
const LOCAL_SIZE = 30;

const texts = (archive: Buffer, most = MOST): Readonly<Record<string, string>> =>
  Object.fromEntries([...readZip(archive, most)].map(([path, bytes]) => [path, bytes.toString()]));

/** `list`: where the archive's directory is. */
function changed(archive: Buffer, change: (copy: Buffer, list: number) => void): Buffer {
  const copy = Buffer.from(archive);
  change(copy, copy.readUInt32LE(copy.length - 6));
  return copy;
}

describe('readZip', () => {
  it('gives the files, packed or not, and nothing that would lie outside', () => {
    const files = {
      'a/one': '1',
      'b.txt': '2',
      'a/': '',
      '../up': 'x',
      'a/../../up': 'x',
      '/abs': 'x',
      './c/../d': '3',
    };
    expect(texts(zipOf(files))).toEqual({ 'a/one': '1', 'b.txt': '2', d: '3' });
    expect(texts(zipOf({ empty: '' }))).toEqual({ empty: '' });
    expect(texts(zipOf({}))).toEqual({});
  });

  it('passes over what stands beside names, and over the longest comment', () => {
    const [extra, list] = [Buffer.from('EXTRA'), ONE.readUInt32LE(ONE.length - 6)];
    const name = 'one'.length;
    const local = changed(ONE, (copy) => copy.writeUInt16LE(extra.length, 28)).subarray(0, list);
    const entry = changed(ONE, (copy, at) => {
      copy.writeUInt16LE(extra.length, at + 30);
      copy.writeUInt16LE(extra.length, at + 32);
      // Bits that say nothing of encryption.
      copy.writeUInt16LE(0x0808, at + 8);
    }).subarray(list, -22);
    // The list names the one file twice.
    const again = Buffer.from(entry);
    again.write('two', entry.length - name);
    const end = changed(ONE, (copy) => {
      copy.writeUInt16LE(2, copy.length - 12);
      copy.writeUInt32LE(list + extra.length, copy.length - 6);
    }).subarray(-22);
    const head = [local.subarray(0, LOCAL_SIZE + name), extra, local.subarray(LOCAL_SIZE + name)];
    const whole = Buffer.concat([...head, entry, extra, extra, again, extra, extra, end]);
    expect(texts(whole)).toEqual({ one: 'the first file', two: 'the first file' });
    expect(texts(Buffer.concat([whole, Buffer.alloc(0xffff)]))).toEqual(texts(whole));
    expect(() => texts(Buffer.concat([whole, Buffer.alloc(0x10000)]))).toThrow('is cut off');
  });

  it('is bounded by all files together', () => {
    const two = zipOf({ a: 'x'.repeat(6), 'b.txt': 'x'.repeat(4) });
    expect(Object.keys(texts(two, 10))).toEqual(['a', 'b.txt']);
    expect(() => texts(two, 9)).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => texts(ONE, 13)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  it.each<[string, (copy: Buffer, list: number) => void, string]>([
    ['encrypted', (copy, at) => copy.writeUInt16LE(1, at + 8), 'one in it is encrypted'],
    ['packed in another way', (copy, at) => copy.writeUInt16LE(9, at + 10), 'is not known here'],
    ['of another sum', (copy, at) => copy.writeUInt32LE(1, at + 16), 'in which one is damaged'],
    ['shorter than it says', (copy, at) => copy.writeUInt32LE(15, at + 24), 'in which one is damaged'],
    ['longer than it says', (copy, at) => copy.writeUInt32LE(13, at + 24), 'in which one is damaged'],
    ['without its own header', (copy) => copy.writeUInt32LE(0, 0), 'in which one is damaged'],
    ['behind the end', (copy, at) => copy.writeUInt32LE(copy.length, at + 42), 'in which one is damaged'],
    ['of too long a name', (copy, at) => copy.writeUInt16LE(60_000, at + 28), 'its list of files is damaged'],
    ['not in the list', (copy, at) => copy.writeUInt32LE(0, at), 'its list of files is damaged'],
    [
      'listed behind the end',
      (copy) => copy.writeUInt32LE(copy.length, copy.length - 6),
      'its list of files is damaged',
    ],
    ['counted twice', (copy) => copy.writeUInt16LE(2, copy.length - 12), 'its list of files is damaged'],
  ])('a file that is %s is refused', (_, change, message) => {
    expect(() => texts(changed(ONE, change))).toThrow(message);
  });
});

it('an empty archive is one, and what is too short is none', () => {
  const empty = zipOf({});
  expect([ONE, empty, empty.subarray(0, 21), Buffer.from('P'.repeat(30))].map(isZip)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
