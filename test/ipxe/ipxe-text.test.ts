import { describe, expect, it } from 'vitest';
import { bootScript, echoLines, inert, liveText, queryUrl, safeEcho } from '../../src/ipxe/boot-script.ts';
import { kernelLine, kernelLineProblems, takesInitPlace } from '../../src/ipxe/kernel-line.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Plan } from '../../src/model/plan.ts';
import { ORIGIN } from '../os/sample.ts';

describe('takesInitPlace', () => {
  it.each([
    'cloud-config-url=x',
    'sshkey="a b"',
    'url=http://x',
    'auto=true',
    'hostname=',
    'BOOTIF=01-52',
    'ds=nocloud;s=x',
  ])('counts %s', (word) => {
    expect(takesInitPlace(word)).toBe(true);
  });

  it.each(['console=ttyS0', 'root=/dev/sda', 'rootfstype=btrfs', 'ip=dhcp', 'initrd=main', 'slab-nomerge=1', 'pti=on'])(
    "does not count the kernel's %s",
    (word) => {
      expect(takesInitPlace(word)).toBe(false);
    },
  );

  it.each(['quiet', '---', '', '=', 'a.b=c', 'ignition.config.url=http://x/?a=b'])('does not count %j', (word) => {
    expect(takesInitPlace(word)).toBe(false);
  });
});

function planOf(args: readonly string[], initrds = 1): Plan {
  const file = { kind: 'shelf', path: 'x/vmlinuz' } as const;
  return { kernel: file, initrds: Array<typeof file>(initrds).fill(file), extras: [], args };
}

function found(args: readonly string[]): string[] {
  return kernelLineProblems(planOf(args)).map(({ severity, message }) => `${severity}: ${message}`);
}

/** Arguments that make a line of exactly this many bytes behind `vmlinuz initrd=main `. */
function filled(bytes: number): string[] {
  const rest = bytes - 'vmlinuz initrd=main '.length;
  return ['a'.repeat(rest)];
}

describe('text that iPXE would eat', () => {
  it.each([
    ['a && b', /"&&"/],
    ['a ; b', /";"/],
    ['|| x', /"\|\|"/],
    ['x #y', /"#y"/],
    ['a\nb', /line break/],
    ['a\rb', /line break/],
    ['a\tb', /control character/],
    ['talos.config=http://x/${uuid}', /"\$\{"/],
    ['a\\', /backslash/],
    ['\u200b', /cannot be printed/],
  ])('finds %j', (arg, message) => {
    const [problem, ...more] = kernelLineProblems(planOf(['console=ttyS0', arg]));
    expect(problem?.message).toMatch(message);
    expect(problem?.severity).toBe('error');
    expect(problem?.remedy).toMatch(/iPXE cannot quote/);
    expect(more).toEqual([]);
  });

  it('finds empty arguments and quotes that stay open', () => {
    expect(found([''])).toEqual(['error: a kernel argument is empty']);
    expect(found(['x="a b'])).toEqual(['error: kernel argument "x=\\"a b" opens a quote and does not close it']);
  });

  it('is content with what arrives', () => {
    expect(
      found(['ds=nocloud;dsmode=net;s=http://x/', 'x="a b"', 'a#b', 'quiet', '---', 'url=http://x/?a=b&c=d']),
    ).toEqual([]);
  });
});

describe('the key', () => {
  it('may not hold a quote, a # or a second line', () => {
    expect(found(['sshkey="ssh-rsa AAA me@home"'])).toEqual([]);
    expect(found(['sshkey="ssh-rsa AAA "me""'])[0]).toMatch(/double quote/);
    expect(found(['sshkey="ssh-rsa AAA #1 key"'])[0]).toMatch(/"#1"/);
    expect(found(['sshkey="ssh-rsa AAA\nssh-rsa BBB"'])[0]).toMatch(/line break/);
    for (const arg of ['sshkey="ssh-rsa AAA #1 key"', 'sshkey="a"b"']) {
      expect(kernelLineProblems(planOf([arg]))[0]?.remedy).toMatch(/\.pub file/);
    }
  });

  it('is cut short in the message', () => {
    const [problem] = kernelLineProblems(planOf([`sshkey="ssh-rsa ${'A'.repeat(500)} #"`]));
    expect(problem?.message.length).toBeLessThan(200);
  });
});

describe('the length', () => {
  it('counts initrd= and the file name that EFI puts in front', () => {
    expect(found(filled(1900))).toEqual([]);
    expect(found(filled(1901))[0]).toMatch(/^warning: the kernel's command line has 1,901 bytes/);
    expect(found(filled(2000))[0]).toMatch(/^warning: .* 2,000 bytes/);
    expect(found(filled(2001))[0]).toMatch(/^error: .* 2,001 bytes/);
  });

  it('counts what the caller says the loader adds', () => {
    const plan = planOf(filled(2001));
    expect(kernelLineProblems(plan, { loaderPrefixBytes: 'linux '.length })[0]?.severity).toBe('warning');
    expect(kernelLineProblems(plan, { loaderPrefixBytes: 100 })[0]?.severity).toBe('error');
  });

  it('takes the name from a URL without its query', () => {
    const kernel = { kind: 'url', url: 'http://h/vmlinuz?token=1#x' } as const;
    expect(kernelLineProblems({ ...planOf(filled(1900)), kernel })).toEqual([]);
    expect(kernelLineProblems({ ...planOf(filled(1901)), kernel })).toHaveLength(1);
  });

  it('is the line of the boot script', () => {
    const plan = planOf(['console=ttyS0', 'quiet'], 3);
    expect(kernelLine(plan)).toBe('initrd=main initrd=initrd2 initrd=initrd3 console=ttyS0 quiet');
    expect(bootScript({ plan, origin: ORIGIN, lines: [] })).toContain(`/x/vmlinuz ${kernelLine(plan)} || goto retry\n`);
  });
});

describe('the number of options that Linux does not know', () => {
  const unknown = (count: number) => Array.from({ length: count }, (_, i) => `opt${i}=1`);

  it('warns at 25 and stops at 30: at 32 the kernel panics', () => {
    expect(found(unknown(24))).toEqual([]);
    expect(found(unknown(25))[0]).toMatch(/^warning: 25 kernel arguments/);
    expect(found(unknown(29))[0]).toMatch(/^warning: 29/);
    expect(found(unknown(30))[0]).toMatch(/^error: 30/);
  });

  it("does not count the kernel's own, those with a dot, and bare words", () => {
    const own = ['console=a', 'root=b', 'init-on-alloc=1', 'net.ifnames=0', 'quiet', '=x', '---'];
    expect(found([...unknown(24), ...own])).toEqual([]);
  });

  it('counts words, not arguments, and protects what is quoted', () => {
    expect(found([...unknown(23), 'a=1 b=2'])[0]).toMatch(/^warning: 25/);
    expect(found([...unknown(23), 'a="x=1 y=2"'])).toEqual([]);
  });
});

/** Every one of these ran a second command, or changed the line, on a real iPXE. */
const LIVE: readonly (readonly [text: string, shown: string, reason: RegExp])[] = [
  ['a && echo INJECTED', "a '&&' echo INJECTED", /"&&", which splits/],
  ['a ; echo INJECTED', "a ';' echo INJECTED", /";", which splits/],
  ['a || echo INJECTED', "a '||' echo INJECTED", /"\|\|", which splits/],
  ['|| x', "'||' x", /"\|\|"/],
  ['x &&', "x '&&'", /"&&"/],
  ['a\t&&\techo INJECTED', "a '&&' echo INJECTED", /control character/],
  ['a\v&&\vecho INJECTED', "a '&&' echo INJECTED", /control character/],
  ['a\necho INJECTED', 'a echo INJECTED', /line break/],
  ['a\r&& echo INJECTED', "a '&&' echo INJECTED", /line break/],
  ['a #1 b', "a '#1' b", /word "#1"/],
  ['#', "'#'", /word "#"/],
  ['${mac}', '$ {mac}', /"\$\{"/],
  ['$${x}', '$$ {x}', /"\$\{"/],
  ['tail\\', "tail\\'", /backslash/],
  ['\u0000x', '?x', /control character/],
  ['\u001b[31m', '?[31m', /control character/],
  ['a\u00a0&&\u00a0b', "a '&&' b", /cannot be printed/],
  ['a\u2028b', 'a b', /cannot be printed/],
  ['a\u200bb', 'a?b', /cannot be printed/],
  ['a\ud800b', 'a?b', /cannot be printed/],
];

/** Harmless inside a word. */
const PLAIN = [
  'a#b',
  'p&&q',
  'p;q',
  '|',
  'a|b',
  '$x',
  '{}',
  'a\\b',
  '"q"',
  "it's",
  'ds=nocloud;dsmode=net;s=http://x/?a=b&c=d',
  '--',
  'x=%20',
];

describe('safeEcho', () => {
  it.each(LIVE)('disarms %j', (text, shown) => {
    expect(safeEcho(text)).toBe(shown);
    expect(liveText(safeEcho(text))).toBeUndefined();
  });

  it.each(PLAIN.filter((text) => !text.startsWith('-')))('leaves %j alone', (text) => {
    expect(safeEcho(text)).toBe(text);
  });

  it('never begins with what iPXE takes for an option', () => {
    expect(safeEcho('-n --help')).toBe('*n --help');
    expect(safeEcho('  --name x')).toBe('*-name x');
  });

  it('is short', () => {
    expect(safeEcho('x'.repeat(5000))).toHaveLength(400);
  });
});

describe('echoLines', () => {
  it('makes empty lines of empty text and stops at sixty', () => {
    expect(echoLines(['a', '', ' b '])).toEqual(['echo a', 'echo', 'echo b']);
    expect(echoLines(Array<string>(100).fill('x'))).toHaveLength(60);
  });
});

describe('liveText', () => {
  it('lets the letters of any language pass, but shows them as ? on a screen that may not have them', () => {
    expect(liveText('sshkey="ssh-rsa AAA jörg@büro 東"')).toBeUndefined();
    expect(safeEcho('jörg')).toBe('j?rg');
  });

  it.each(LIVE)('finds what is live in %j', (text, _, reason) => {
    expect(liveText(text)).toMatch(reason);
  });

  it.each(PLAIN)('finds nothing in %j', (text) => {
    expect(liveText(text)).toBeUndefined();
  });
});

describe('inert', () => {
  it('passes plain text and stops the rest', () => {
    expect(inert('console=ttyS0')).toBe('console=ttyS0');
    for (const [text] of LIVE) expect(() => inert(text)).toThrow(Failure);
  });

  it('does not repeat what is dangerous in its own message', () => {
    expect(() => inert('a\nb ${x}')).toThrow('"a b $ {x}" holds a line break');
  });
});

describe('queryUrl', () => {
  it('encodes values and leaves out what is not known', () => {
    const url = queryUrl('http://h/ipxe', [
      ['mac', '52:54'],
      ['uuid', undefined],
      ['serial', ''],
      ['product', 'a&b=c #1 +x/%'],
    ]);
    expect(url).toBe('http://h/ipxe?mac=52:54&product=a%26b%3Dc%20%231%20%2Bx%2F%25');
    expect(new URL(url).searchParams.get('product')).toBe('a&b=c #1 +x/%');
    expect(queryUrl('http://h/ipxe', [])).toBe('http://h/ipxe');
  });
});
