import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askHealth, readRules } from '../../src/doctor/probes.ts';

async function serving(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => {
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
}

describe('GET /healthz', () => {
  it('knows a Pilotlight, also a degraded one', async () => {
    const url = await serving((response) => {
      response.writeHead(503).end(JSON.stringify({ status: 'degraded', version: '1.2.3', generation: 4 }));
    });
    expect(await askHealth(url)).toEqual({ kind: 'pilotlight', status: 'degraded', version: '1.2.3' });
  });

  it.each(['<html>', '{"status":"ok"}', 'null'])('takes %j for another program', async (body) => {
    const url = await serving((response) => response.end(body));
    expect(await askHealth(url)).toEqual({ kind: 'other', status: 200 });
  });

  it('does not follow a redirect to somewhere else', async () => {
    const url = await serving((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(await askHealth(url)).toEqual({ kind: 'other', status: 302 });
  });

  it('says why nobody answered', async () => {
    const url = await serving(() => undefined);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await askHealth(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'silence', reason: 'ECONNREFUSED' });
    expect(await askHealth(url)).toEqual({ kind: 'silence', reason: 'no answer in 3 s' });
  });
});

describe('firewall rules', () => {
  const ask = (answers: Readonly<Record<string, string | false>>) => {
    const asked: string[] = [];
    return {
      asked,
      rules: readRules(async (program, args) => {
        asked.push([program, ...args].join(' '));
        return answers[program];
      }),
    };
  };

  it('come from nft, else from iptables, and are only ever listed', async () => {
    const both = ask({ nft: 'a', iptables: 'b' });
    expect(await both.rules).toEqual({ kind: 'rules', tool: 'nft', text: 'a' });
    const old = ask({ iptables: 'b' });
    expect(await old.rules).toEqual({ kind: 'rules', tool: 'iptables', text: 'b' });
    expect(old.asked).toEqual(['nft list ruleset', 'iptables -S']);
  });

  it('may be hidden, or not there', async () => {
    expect(await ask({ nft: false, iptables: 'b' }).rules).toEqual({ kind: 'unreadable' });
    expect(await ask({}).rules).toEqual({ kind: 'none' });
  });
});
