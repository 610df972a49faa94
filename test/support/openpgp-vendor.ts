import {
  armor,
  at,
  hashed,
  makeKey,
  packet,
  signatureBody,
  type SignatureOptions,
  subpacket,
  type TestHash,
  type TestKey,
  uint32,
} from './openpgp-keys.ts';

/** How a subkey is bound to its primary key, and what is wrong with it. */
export interface SubkeyOptions {
  readonly key: TestKey;
  /** Seconds after the subkey's creation. */
  readonly expiresAfter?: number;
  readonly revoked?: boolean;
  /** Who signs the revocation, if not the primary key. */
  readonly revokedBy?: TestKey;
  readonly backSignature?: boolean;
  readonly flags?: number;
  readonly hash?: TestHash;
  readonly boundBy?: TestKey;
  readonly boundAt?: number;
}

export interface CertificateOptions {
  readonly primary: TestKey;
  readonly flags?: number;
  readonly revoked?: boolean;
  /** Of what the primary key says of itself. */
  readonly hash?: TestHash;
  readonly selfSigned?: number;
  readonly subkeys?: readonly SubkeyOptions[];
}

/** A public key block as a vendor publishes it. */
export function certificate(options: CertificateOptions): Buffer {
  const { primary } = options;
  const name = Buffer.from('Test <test@example.org>');
  const own = hashed(primary.body);
  const parts = [packet(6, primary.body)];
  if (options.revoked === true)
    parts.push(packet(2, signatureBody({ type: 0x20, by: primary, created: primary.created + 1, data: [own] })));
  parts.push(
    packet(13, name),
    packet(
      2,
      signatureBody({
        type: 0x13,
        by: primary,
        hash: options.hash ?? 'sha256',
        created: options.selfSigned ?? primary.created,
        data: [own, Buffer.concat([Buffer.from([0xb4]), uint32(name.length)]), name],
        hashedSubpackets: [subpacket(27, Buffer.from([options.flags ?? 0x03]))],
      }),
    ),
  );
  for (const subkey of options.subkeys ?? []) parts.push(...subkeyPackets(primary, subkey));
  return Buffer.concat(parts);
}

function subkeyPackets(primary: TestKey, options: SubkeyOptions): readonly Buffer[] {
  const { key, hash = 'sha256' } = options;
  const data = [hashed(primary.body), hashed(key.body)];
  const created = options.boundAt ?? key.created;
  const parts = [packet(14, key.body)];
  if (options.revoked === true || options.revokedBy !== undefined)
    parts.push(packet(2, signatureBody({ type: 0x28, by: options.revokedBy ?? primary, created: created + 1, data })));
  const back = subpacket(32, signatureBody({ type: 0x19, by: key, created, data, hash }));
  parts.push(
    packet(
      2,
      signatureBody({
        type: 0x18,
        by: options.boundBy ?? primary,
        created,
        data,
        hash,
        hashedSubpackets: [
          subpacket(27, Buffer.from([options.flags ?? 0x02])),
          ...(options.expiresAfter === undefined ? [] : [subpacket(9, uint32(options.expiresAfter))]),
        ],
        unhashedSubpackets: options.backSignature === false ? [] : [back],
      }),
    ),
  );
  return parts;
}

/** A detached signature over a file. */
export function detached(data: Buffer, by: TestKey, options: Partial<SignatureOptions> = {}): Buffer {
  return packet(2, signatureBody({ type: 0x00, by, created: at('2024-06-01'), data: [data], ...options }));
}

/** A cleartext-signed message, as Debian's InRelease and Flatcar's .DIGESTS.asc are. */
export function clearsigned(text: string, by: TestKey, options: Partial<SignatureOptions> = {}): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const canonical = Buffer.from(lines.map((line) => line.replace(/[ \t\r]+$/, '')).join('\r\n'));
  const signature = detached(canonical, by, { type: 0x01, ...options });
  const escaped = lines.map((line) => (line.startsWith('-') ? `- ${line}` : line)).join('\n');
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${escaped}\n${armor('SIGNATURE', signature)}`;
}

/** A vendor as they all are: an offline primary key and a signing subkey that changes every year. */
export interface Vendor {
  readonly primary: TestKey;
  readonly signing: TestKey;
  readonly publicKey: string;
  sign(data: Buffer): Buffer;
  clearsign(text: string): string;
}

export function makeVendor(kind: 'rsa' | 'ed25519' = 'ed25519'): Vendor {
  const primary = makeKey(kind);
  const signing = makeKey(kind, at('2024-01-01'));
  const block = certificate({ primary, subkeys: [{ key: signing, expiresAfter: 365 * 86_400 }] });
  return {
    primary,
    signing,
    publicKey: armor('PUBLIC KEY BLOCK', block),
    sign: (data) => detached(data, signing),
    clearsign: (text) => clearsigned(text, signing),
  };
}
