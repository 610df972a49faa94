import { expect, it } from 'vitest';
import { openContext } from '../support/http-server.ts';

const IPXE = { 'user-agent': 'iPXE/1.0.0+git-20190125' };

it.each(['serial=A%0AB', 'product=%1b[2J', 'mac=nonsense', 'uuid=x', 'mac=52%'])(
  'iPXE is told on its screen that %s cannot be read; everybody else gets 400',
  async (query) => {
    const appContext = await openContext({ explain: (failure) => `#!ipxe\necho ${failure.code}\n` });
    const url = `http://127.0.0.1:${appContext.port}/ipxe?${query}`;
    const machine = await fetch(url, { headers: IPXE });
    const person = await fetch(url, { headers: { 'user-agent': 'curl/8' } });
    await appContext.close();
    expect([machine.status, await machine.text()]).toEqual([200, '#!ipxe\necho invalid\n']);
    expect(person.status).toBe(400);
    expect((await person.text()).trimEnd()).not.toContain('\n');
  },
);
