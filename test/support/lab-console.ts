import { createHash } from 'node:crypto';

/** A document that the guest fetched, as it printed it. */
export interface FetchedDocument {
  /** The command line word that named it: `cloud-config-url`. */
  readonly word: string;
  readonly url: string;
  readonly bytes: Buffer;
}

/** What a machine said on its serial console. */
export interface ConsoleReport {
  /** Everything, without colours, carriage returns and NULs. */
  readonly text: string;
  /** /proc/cmdline of the booted kernel; undefined when none booted. */
  readonly cmdline: string | undefined;
  readonly mac: string | undefined;
  readonly documents: readonly FetchedDocument[];
  readonly booted: boolean;
}

/** Reads the payload's protocol (scripts/lab/mkpayload.sh, at the top of its /init). Throws when a document arrived damaged. */
export function readConsole(log: Buffer): ConsoleReport {
  // latin1 keeps every byte; colours and cursor moves come from the firmware and iPXE.
  const text = log
    .toString('latin1')
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    .replaceAll(/\u001b\[[0-9;?=]*[A-Za-z]|\u001bc|\u0000/g, '')
    // The terminal makes \r\n of every \n (a document's own \r stays).
    .replaceAll('\r\n', '\n');
  return {
    text: text.replaceAll('\r', ''),
    cmdline: /^E2E CMDLINE (.*)$/m.exec(text)?.[1],
    mac: /^E2E MAC (.*)$/m.exec(text)?.[1],
    documents: readDocuments(text),
    booted: /^E2E BOOT-OK/m.test(text),
  };
}

function readDocuments(text: string): readonly FetchedDocument[] {
  const blocks = text.matchAll(
    /^E2E CONFIG-BEGIN (\S+) (\S+)\n([^]*?)^E2E CONFIG-END \1 sha256=([0-9a-f]{64}) bytes=(\d+)$/gm,
  );
  return [...blocks].map(([, word = '', url = '', printed = '', sum = '', length = '']) => {
    // The guest ends a document that has no last newline with one of its own: the count tells.
    const bytes = Buffer.from(printed, 'latin1').subarray(0, Number(length));
    const mine = createHash('sha256').update(bytes).digest('hex');
    if (mine !== sum) throw new RangeError(`${url}: printed with sha256 ${mine}, fetched with ${sum}`);
    return { word, url, bytes };
  });
}

/**
 * True when iPXE ran `echo INJECTED` (a line begins with it), as against a text that merely shows those words among others.
 */
export function canaryPrinted(text: string): boolean {
  return /^\s*INJECTED/m.test(text);
}
