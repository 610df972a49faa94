import { parseArgs } from 'node:util';
import { parseMac } from '../../src/model/machine.ts';

export const HELP = `Boots a virtual machine of this computer from the running server, its serial console in this terminal.
Needs QEMU (Debian: apt install qemu-system-x86, for --uefi also ovmf), and no root.

  npm run vm -- [options]

  --mac MAC         who it is (default 52:54:00:12:34:56, which the shipped profiles do not know)
  --uefi            UEFI firmware (OVMF) instead of a BIOS
  --url URL         the script it boots (default http://127.0.0.1:4777/boot.ipxe)
  --mem MIB         memory (default 3072: what Flatcar asks for)
  --accel tcg|kvm   kvm is much faster where it works: not inside every virtual machine (default tcg)
  --help

Ctrl-A X ends the machine, Ctrl-A C is QEMU's own prompt. The machine reaches this computer's 127.0.0.1 as 10.0.2.2.`;

/** What the operator asked for, checked. */
export interface VmRequest {
  /** Where this computer asks for the script. */
  readonly url: string;
  /** For scripts/lab/bootvm.sh. */
  readonly args: readonly string[];
}

/** Reads the command line: `help`, a request, or what is wrong with it. */
export function readRequest(argv: readonly string[]): VmRequest | 'help' | { readonly problem: string } {
  const options = parseOptions(argv);
  if ('problem' in options) return options;
  if (options.help === true) return 'help';
  const mac = parseMac(options.mac);
  if (mac === undefined) return { problem: `--mac ${options.mac}: six pairs of hexadecimal digits are needed` };
  if (!/^[1-9]\d{2,6}$/.test(options.mem)) return { problem: `--mem ${options.mem}: MiB, for example 3072` };
  if (!['tcg', 'kvm'].includes(options.accel)) return { problem: `--accel ${options.accel}: tcg or kvm` };
  if (!/^http:\/\//.test(options.url) || !URL.canParse(options.url)) {
    return { problem: `--url ${options.url}: an http:// address is needed` };
  }
  const url = new URL(options.url);
  if (url.pathname === '/' && url.search === '') url.pathname = '/boot.ipxe';
  return {
    url: url.href,
    args: [
      ...['--interactive', '--name', `pilotlight-${mac}`, '--url', guestUrl(url), '--mac', mac],
      ...['--firmware', options.uefi === true ? 'uefi' : 'bios', '--mem', options.mem, '--accel', options.accel],
    ],
  };
}

/** The same address as a machine on QEMU's user network says it. */
function guestUrl(url: URL): string {
  const guest = new URL(url);
  if (/^(localhost|127\..*|\[::1\]|0\.0\.0\.0)$/.test(guest.hostname)) guest.hostname = '10.0.2.2';
  return guest.href;
}

function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        mac: { type: 'string', default: '52:54:00:12:34:56' },
        uefi: { type: 'boolean' },
        url: { type: 'string', default: 'http://127.0.0.1:4777/boot.ipxe' },
        mem: { type: 'string', default: '3072' },
        accel: { type: 'string', default: 'tcg' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks for the script as the machine will; undefined when it is there, else what is wrong and what to do. */
export async function scriptProblem(url: string): Promise<string | undefined> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  } catch {
    return `no server answers at ${url}: start one with "npm start", or name another with --url`;
  }
  const body = await answer.text();
  if (answer.ok && body.startsWith('#!ipxe')) return undefined;
  return `${url} answers ${answer.status}, and not with an iPXE script: ${body.split('\n', 1)[0]?.slice(0, 200) ?? ''}`;
}
