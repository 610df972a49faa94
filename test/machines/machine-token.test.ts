import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { createTokenSource, openTokenSource, TOKEN_KEY_FILE } from '../../src/machines/machine-token.ts';
import { problemLine } from '../../src/model/failure.ts';
import { hideTokens, hideTokensIn, TOKEN_SLOT } from '../../src/model/plan.ts';
import { makeFolder } from '../support/folder.ts';
import { recordLog } from '../support/http-server.ts';

const source = createTokenSource(Buffer.alloc(32, 7));
const MAC = '52:54:00:55:1c:ee';
const CLAIM = Date.UTC(2026, 10, 30, 12, 0, 0, 123);
const BODY = { kind: 'boot', claim: CLAIM, issued: CLAIM + 5_877 } as const;
const TOKEN = source.issue(BODY, MAC, '10.0.0.7');

test('a token has one form, which no clock and no chance change', () => {
  expect(TOKEN).toBe(source.issue(BODY, MAC, '10.0.0.7'));
  expect(TOKEN).toMatch(/^plt-[A-Za-z0-9_-]{40}$/);
  expect(TOKEN_SLOT).toHaveLength(TOKEN.length);
});

test('what it says is read again, in whole seconds', () => {
  const said = { kind: 'boot', claim: CLAIM, issued: CLAIM + 5_877 - ((CLAIM + 5_877) % 1000) };
  expect(source.verify(TOKEN, [MAC], '10.0.0.7')).toEqual({ ...said, sameAddress: true });
  expect(source.verify(TOKEN, ['uuid:x', MAC], '10.0.0.8')).toEqual({ ...said, sameAddress: false });
  expect(source.verify(TOKEN, [MAC], undefined)).toEqual({ ...said, sameAddress: false });
});

test('of another machine, of another server, and none at all do not count', () => {
  expect(source.verify(TOKEN, ['52:54:00:55:1c:ef'], '10.0.0.7')).toBeUndefined();
  expect(source.verify(TOKEN, [], '10.0.0.7')).toBeUndefined();
  expect(createTokenSource(Buffer.alloc(32, 8)).verify(TOKEN, [MAC], '10.0.0.7')).toBeUndefined();
  expect(source.verify(TOKEN_SLOT, [MAC], '10.0.0.7')).toBeUndefined();
  expect(source.verify('', [MAC], '10.0.0.7')).toBeUndefined();
});

test('a changed letter, a cut and a longer one do not count, wherever it is', () => {
  for (let at = 0; at < TOKEN.length; at += 1) {
    const other = TOKEN[at] === 'A' ? 'B' : 'A';
    const changed = `${TOKEN.slice(0, at)}${other}${TOKEN.slice(at + 1)}`;
    expect(source.verify(changed, [MAC], '10.0.0.7'), changed).toBeUndefined();
    expect(source.verify(TOKEN.slice(0, at), [MAC], '10.0.0.7')).toBeUndefined();
  }
  expect(source.verify(`${TOKEN}A`, [MAC], '10.0.0.7')).toBeUndefined();
  expect(source.verify(` ${TOKEN}`, [MAC], '10.0.0.7')).toBeUndefined();
});

test('one kind is not the other, and a claim not another', () => {
  const up = source.issue({ ...BODY, kind: 'up' }, MAC, '10.0.0.7');
  expect(source.verify(up, [MAC], undefined)?.kind).toBe('up');
  expect(source.issue({ ...BODY, claim: CLAIM + 1 }, MAC, '10.0.0.7')).not.toBe(TOKEN);
  expect(source.verify(source.issue({ ...BODY, claim: 0 }, MAC, ''), [MAC], '')?.claim).toBe(0);
});

test('it is left out of what is logged, kept and shown, whole or in pieces', () => {
  expect(hideTokens(`/configs/a?mac=x&token=${TOKEN}&y=1`)).toBe('/configs/a?mac=x&token=plt-(left-out)&y=1');
  expect(hideTokens(`'${TOKEN.slice(0, 20)}' and "${TOKEN}${TOKEN}"`)).toBe(`'plt-(left-out)' and "plt-(left-out)"`);
  expect(hideTokens('plt-')).toBe('plt-');
  const bytes = Buffer.from(`\u00e4 ${TOKEN}\n`, 'utf8');
  expect(Buffer.from(hideTokensIn(bytes)).toString('utf8')).toBe('\u00e4 plt-(left-out)\n');
  const plain = Buffer.from('nothing here');
  expect(hideTokensIn(plain)).toBe(plain);
});

test('the key is made once, for its owner alone, and tokens outlive a restart', async () => {
  const dir = makeFolder({});
  const files = await openDataRoot(dir);
  const log = recordLog();
  const token = (await openTokenSource(files, log)).issue(BODY, MAC, '10.0.0.7');
  expect(statSync(join(dir, TOKEN_KEY_FILE)).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, 'state')).mode & 0o777).not.toBe(0o700);
  expect((await openTokenSource(files, log)).verify(token, [MAC], undefined)).toMatchObject({ kind: 'boot' });
  expect(log.lines).toEqual([]);
});

test('a key that others may read is said; one that is none is not written over, and costs the tokens only', async () => {
  const dir = makeFolder({});
  const files = await openDataRoot(dir);
  const log = recordLog();
  const token = (await openTokenSource(files, log)).issue(BODY, MAC, '10.0.0.7');
  const file = join(dir, TOKEN_KEY_FILE);
  chmodSync(file, 0o644);
  await openTokenSource(files, log);
  expect(log.of('warn').map(({ fields }) => fields['remedy'])).toEqual(['chmod 600 state/token-key']);
  writeFileSync(file, 'damaged');
  const damaged = await openTokenSource(files, log);
  expect(damaged.verify(token, [MAC], undefined)).toBeUndefined();
  expect(damaged.problems.map(problemLine).join()).toContain(
    "state/token-key: the key of machines' tokens is not kept: holds no key",
  );
  expect(log.of('error')).toHaveLength(1);
  expect(readFileSync(file, 'utf8')).toBe('damaged');
});
