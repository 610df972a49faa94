import { expect, it } from 'vitest';
import { parseMac } from '../../src/model/mac.ts';
import type { Node } from '../../src/model/profile.ts';
import { parseUuid } from '../../src/model/uuid.ts';
import { configDrive } from '../../src/exports/node-documents.ts';
import { missing } from './sample.ts';

const mac = parseMac('525400551cee') ?? missing();
const uuid = parseUuid('c6c30f6a-4a1b-4337-8325-c4c2543ad437') ?? missing();
const node = (more: Partial<Node>): Node => ({ name: 'a-coreos', vars: {}, ...more });

/** The metadata, which lie in the image as they are. */
function metaData(of: Node, key?: string): unknown {
  const text = configDrive({ node: of, body: Buffer.from('x') }, key).toString('latin1');
  return JSON.parse(/^\{"uuid".*\}$/m.exec(text.replaceAll('\0', '\n'))?.[0] ?? '{}');
}

it('names the node, with an identity that stays the same', () => {
  expect(metaData(node({ mac, uuid }))).toEqual({ uuid, hostname: 'a-coreos' });
  expect(metaData(node({ mac }))).toMatchObject({ uuid: 'pilotlight-52-54-00-55-1c-ee' });
  expect(metaData(node({ serial: 'S 1' }))).toMatchObject({ uuid: 'pilotlight-S 1' });
});

it('carries the SSH key that the kernel’s command line carries on PXE', () => {
  expect(metaData(node({ mac }), 'ssh-ed25519 AAAA me')).toMatchObject({
    public_keys: { pilotlight: 'ssh-ed25519 AAAA me' },
  });
});
