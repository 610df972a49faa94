import { describe, expect, it } from 'vitest';
import { findInIso, type IsoSource } from '../../src/releases/iso-tree.ts';

const SECTOR = 2048;
const ROOT = 20;

/** A directory record (ECMA-119 9.1). `use`: its system use area. `attributes`: sectors before the file. */
interface Fields {
  readonly sector?: number;
  readonly length?: number;
  readonly flags?: number;
  readonly gap?: number;
  readonly attributes?: number;
  readonly use?: Buffer;
}

function record(name: string | Buffer, fields: Fields = {}): Buffer {
  const { sector = 30, length = 5, flags = 0, gap = 0, attributes = 0, use = Buffer.alloc(0) } = fields;
  const text = Buffer.from(name);
  const pad = Buffer.alloc(text.length % 2 === 0 ? 1 : 0);
  const bytes = Buffer.concat([Buffer.alloc(33), text, pad, use]);
  bytes.writeUInt8(bytes.length, 0);
  bytes.writeUInt8(attributes, 1);
  bytes.writeUInt32LE(sector, 2);
  bytes.writeUInt32LE(length, 10);
  bytes.writeUInt8(flags, 25);
  bytes.writeUInt8(gap, 27);
  bytes.writeUInt8(text.length, 32);
  return bytes;
}

/** A field of the System Use Sharing Protocol. */
function field(sign: string, ...data: (number | string)[]): Buffer {
  const bytes = Buffer.concat(data.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));
  return Buffer.concat([Buffer.from(sign), Buffer.from([bytes.length + 4, 1]), bytes]);
}

const named = (name: string, flags = 0): Buffer => field('NM', flags, name);

function goesOn(sector: number, offset: number, length: number): Buffer {
  const data = Buffer.alloc(24);
  [sector, offset, length].forEach((value, i) => data.writeUInt32LE(value, i * 8));
  return Buffer.concat([Buffer.from('CE'), Buffer.from([28, 1]), data]);
}

/** The root's own record; with Rock Ridge it says how many bytes lie before the fields of the others. */
const SELF = record('\0', { sector: ROOT, length: SECTOR, flags: 2 });
const ridge = (skip = 0): Buffer =>
  record('\0', { sector: ROOT, length: SECTOR, flags: 2, use: field('SP', 0xbe, 0xef, skip) });

function descriptor(type: number, root: number, length: number, escape = ''): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeUInt8(type, 0);
  bytes.write('CD001', 1);
  bytes.write(escape, 88);
  bytes.writeUInt16LE(SECTOR, 128);
  record('\0', { sector: root, length, flags: 2 }).copy(bytes, 156);
  return bytes;
}

/** An image whose root is these records; what else lies where, by sector. */
function imageOf(records: readonly Buffer[], more: Readonly<Record<number, Buffer>> = {}, joliet?: Buffer): IsoSource {
  const root = Buffer.concat(records);
  const length = Math.ceil(root.length / SECTOR) * SECTOR;
  const bytes = Buffer.alloc(64 * SECTOR);
  const put = (sector: number, part: Buffer): void => void part.copy(bytes, sector * SECTOR);
  put(16, descriptor(1, ROOT, length));
  if (joliet !== undefined) {
    put(17, descriptor(2, 50, SECTOR, '%/E'));
    put(50, joliet);
  }
  put(joliet === undefined ? 17 : 18, descriptor(255, 0, 0));
  put(ROOT, root);
  for (const [sector, part] of Object.entries(more)) put(Number(sector), part);
  return { size: bytes.length, read: (at, size) => Promise.resolve(bytes.subarray(at, at + size)) };
}

const HERE = [{ at: 30 * SECTOR, length: 5 }];

describe('short names', () => {
  const image = imageOf([SELF, record('VMLINUZ.;1'), record('INITRD.IMG;12', { sector: 31 }), record('NO.EXT.;1x')]);

  it('are found in either case, without their version and without the dot of a file that has no ending', async () => {
    for (const name of ['vmlinuz', 'VMLINUZ', 'Vmlinuz']) expect(await findInIso(image, name)).toEqual(HERE);
    expect(await findInIso(image, 'initrd.img')).toEqual([{ at: 31 * SECTOR, length: 5 }]);
    expect(await findInIso(image, 'no.ext.;1x')).toEqual(HERE);
    for (const name of ['vmlinuz.', 'vmlinuz.;1', 'initrd', 'no.ext']) {
      await expect(findInIso(image, name)).rejects.toMatchObject({
        code: 'refused',
        message: `the ISO image does not hold ${name}`,
      });
    }
  });

  it('are read on in the next sector, behind the zeros that fill one', async () => {
    const filler = Array.from({ length: 40 }, (_, i) => record(`FILLER${String(i).padStart(2, '0')}.;1`));
    const first = Buffer.alloc(SECTOR);
    Buffer.concat([SELF, ...filler]).copy(first);
    expect(await findInIso(imageOf([first, record('VMLINUZ.;1')]), 'vmlinuz')).toEqual(HERE);
    const across = Buffer.concat([first.subarray(0, SECTOR - 10), record('VMLINUZ.;1')]);
    await expect(findInIso(imageOf([across]), 'vmlinuz')).rejects.toThrow('malformed folder');
  });

  it('lead to what lies behind the extended attributes of a file', async () => {
    const image = imageOf([SELF, record('VMLINUZ.;1', { attributes: 2 })]);
    expect(await findInIso(image, 'vmlinuz')).toEqual([{ at: 32 * SECTOR, length: 5 }]);
  });

  it('of pieces that lie apart are refused', async () => {
    await expect(findInIso(imageOf([SELF, record('A.;1', { gap: 1 })]), 'a')).rejects.toThrow('interleaved');
  });

  it('of files in folders are found by their path', async () => {
    const folder = record('CASPER', { sector: 22, length: SECTOR, flags: 2 });
    const image = imageOf([SELF, folder], { 22: Buffer.concat([SELF, record('VMLINUZ.;1')]) });
    expect(await findInIso(image, 'casper/vmlinuz')).toEqual(HERE);
    await expect(findInIso(image, 'vmlinuz')).rejects.toThrow('does not hold vmlinuz');
    await expect(findInIso(image, 'casper')).rejects.toThrow('holds casper as a folder');
  });

  it('of an empty file may lie anywhere, of any other inside the image', async () => {
    const at = (sector: number, length: number) => findInIso(imageOf([SELF, record('A.;1', { sector, length })]), 'a');
    expect(await at(1000, 0)).toEqual([{ at: 1000 * SECTOR, length: 0 }]);
    expect(await at(63, SECTOR)).toEqual([{ at: 63 * SECTOR, length: SECTOR }]);
    await expect(at(63, SECTOR + 1)).rejects.toThrow('is cut short: a lies behind its end');
  });
});

describe('Rock Ridge', () => {
  it('ends with a field that says more than there is, and passes over one that says nothing', async () => {
    const kernel = record('A.;1', { use: Buffer.concat([field('XX'), named('kernel')]) });
    const cut = record('B.;1', { sector: 31, use: named('linux').subarray(0, -1) });
    const image = imageOf([ridge(), kernel, cut]);
    expect(await findInIso(image, 'kernel')).toEqual(HERE);
    expect(await findInIso(image, 'B')).toEqual([{ at: 31 * SECTOR, length: 5 }]);
    await expect(findInIso(image, 'linu')).rejects.toThrow('does not hold linu');
  });

  it('names a file in its own case, and the short name is none then', async () => {
    const image = imageOf([ridge(), record('VMLINUZ.;1', { use: named('vmlinuz-Generic') })]);
    expect(await findInIso(image, 'vmlinuz-Generic')).toEqual(HERE);
    for (const name of ['vmlinuz-generic', 'vmlinuz'])
      await expect(findInIso(image, name)).rejects.toThrow('does not hold');
  });

  it('lies behind as many bytes as the root says', async () => {
    const use = Buffer.concat([Buffer.from([0xff, 0xff]), named('kernel')]);
    expect(await findInIso(imageOf([ridge(2), record('K.;1', { use })]), 'kernel')).toEqual(HERE);
    expect(await findInIso(imageOf([ridge(0), record('K.;1', { use })]), 'K')).toEqual(HERE);
  });

  it('is not believed where the root does not announce it', async () => {
    const root = (use: Buffer) => record('\0', { sector: ROOT, length: SECTOR, flags: 2, use });
    for (const self of [
      SELF,
      root(field('SP', 0xbe, 0, 0)),
      root(field('SP', 0, 0xef, 0)),
      root(field('RR', 0xbe, 0xef, 0)),
    ])
      expect(await findInIso(imageOf([self, record('K.;1', { use: named('kernel') })]), 'k')).toEqual(HERE);
  });

  it('may name a file in pieces, and go on elsewhere', async () => {
    const rest = Buffer.concat([named('-in-'), named('pieces')]);
    const use = Buffer.concat([named('long', 1), goesOn(22, 100, rest.length)]);
    const elsewhere = Buffer.concat([Buffer.alloc(100), rest]);
    const image = imageOf([ridge(), record('LONG.;1', { use })], { 22: elsewhere });
    expect(await findInIso(image, 'long-in-pieces')).toEqual(HERE);
  });

  it('ends at ST and at what is no field; a name of the folder itself is no name', async () => {
    const ended = [field('ST'), Buffer.from('??\x08\x01abcd'), Buffer.from('NM\x03\x01'), Buffer.from('NM\x7f\x01')];
    for (const end of ended) {
      const use = Buffer.concat([named('one'), end, named('two')]);
      expect(await findInIso(imageOf([ridge(), record('K.;1', { use })]), 'one')).toEqual(HERE);
    }
    for (const flags of [2, 4]) {
      const image = imageOf([ridge(), record('K.;1', { use: named('kernel', flags) })]);
      expect(await findInIso(image, 'K')).toEqual(HERE);
    }
  });

  it.each([
    ['SL', 'link'],
    ['ZF', 'packed file'],
  ])('%s says that it is a %s, which is refused', async (sign, what) => {
    const use = Buffer.concat([named('kernel'), field(sign, 0)]);
    await expect(findInIso(imageOf([ridge(), record('K.;1', { use })]), 'kernel')).rejects.toThrow(
      `kernel as a ${what}`,
    );
  });

  it('goes on in the last byte of a sector, and not behind it', async () => {
    const name = named('kernel');
    const at = (offset: number) => {
      const there = Buffer.concat([Buffer.alloc(SECTOR - name.length), name]);
      const use = goesOn(22, offset, name.length);
      return findInIso(imageOf([ridge(), record('K.;1', { use })], { 22: there }), 'kernel');
    };
    expect(await at(SECTOR - name.length)).toEqual(HERE);
    await expect(at(SECTOR - name.length + 1)).rejects.toThrow('malformed continuation');
  });

  it('goes on eight times, and not nine', async () => {
    // Each continuation leads to the next; the last holds the name.
    const chain = (times: number) => {
      const parts = Array.from({ length: times }, (_, i) =>
        i === times - 1 ? named('kernel') : goesOn(22, (i + 1) * 32, 28),
      );
      const there = Buffer.alloc(SECTOR);
      for (const [i, part] of parts.entries()) part.copy(there, i * 32);
      const use = goesOn(22, 0, times === 1 ? named('kernel').length : 28);
      return findInIso(imageOf([ridge(), record('K.;1', { use })], { 22: there }), 'kernel');
    };
    for (const times of [1, 2, 8]) expect(await chain(times)).toEqual(HERE);
    await expect(chain(9)).rejects.toThrow('go on without end');
  });

  it('a folder may not make more reads than any real one', async () => {
    const there = Buffer.alloc(SECTOR);
    for (let i = 0; i < 7; i += 1) goesOn(22, (i + 1) * 32, 28).copy(there, i * 32);
    const records = Array.from({ length: 600 }, (_, i) =>
      record(`F${String(i).padStart(4, '0')}`, { use: goesOn(22, 0, 28) }),
    );
    // Records do not cross into the next sector.
    const sectors: Buffer[] = [];
    for (let i = 0; i < records.length; i += 25) {
      const sector = Buffer.alloc(SECTOR);
      Buffer.concat([...(i === 0 ? [ridge()] : []), ...records.slice(i, i + 25)]).copy(sector);
      sectors.push(sector);
    }
    const root = Buffer.concat(sectors);
    const image = imageOf([ridge()], {});
    const bytes = Buffer.concat([await image.read(0, 22 * SECTOR), there, Buffer.alloc(SECTOR), root]);
    descriptor(1, 24, root.length).copy(bytes, 16 * SECTOR);
    const many: IsoSource = { size: bytes.length, read: (at, size) => Promise.resolve(bytes.subarray(at, at + size)) };
    await expect(findInIso(many, 'missing')).rejects.toThrow('go on without end');
    expect(await findInIso(many, 'F0100')).toEqual(HERE);
  });
});

describe('Joliet', () => {
  const wide = (name: string): Buffer => Buffer.from(name, 'utf16le').swap16();
  const tree = Buffer.concat([SELF, record(wide('long name.Img;1'), { sector: 33 })]);

  it('is asked when no other name is', async () => {
    const image = imageOf([SELF, record('LONG_NAM.IMG;1')], {}, tree);
    expect(await findInIso(image, 'long name.Img')).toEqual([{ at: 33 * SECTOR, length: 5 }]);
    expect(await findInIso(image, 'long_nam.img')).toEqual(HERE);
    await expect(findInIso(image, 'LONG NAME.IMG')).rejects.toThrow('does not hold');
  });
});
