import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import { Failure } from '../model/failure.ts';
import type { Output } from './command.ts';

/** What secrets are read from: a terminal, a pipe, a file. */
type Source = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;

/**
 * Asks for something that no one beside shall read: on a terminal without showing it, twice; else it is the first line
 * of standard input. Never from the command line, which every user of the host can read. Throws Failure.
 */
export async function readSecret(stdin: Source, stderr: Output, what: string): Promise<string> {
  if (stdin.isTTY !== true) return await firstLine(stdin, what);
  const first = await hiddenLine(stdin, stderr, `${what}: `);
  const second = await hiddenLine(stdin, stderr, `${what} again: `);
  if (first === second) return first;
  throw new Failure('invalid', 'the two are not the same', { remedy: 'nothing was changed: try again' });
}

/** Asks a person. Everything but a yes is a no. */
export async function isConfirmed(stdin: Source, stderr: Output, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: stdin, crlfDelay: Infinity });
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
  } finally {
    lines.close();
  }
  return false;
}

async function firstLine(stdin: Source, what: string): Promise<string> {
  const lines = createInterface({ input: stdin, crlfDelay: Infinity });
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
  }
  throw new Failure('invalid', `standard input holds no ${what.toLowerCase()}`, {
    remedy: 'write it there as one line, or call this on a terminal',
  });
}

const [END, BACK, KILL, DELETE] = ['\u0004', '\b', '\u0015', '\u007f'];

async function hiddenLine(stdin: Source, stderr: Output, prompt: string): Promise<string> {
  stderr.write(prompt);
  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  let typed: string[] = [];
  try {
    for (;;) {
      const [chunk] = (await once(stdin, 'data')) as [string];
      for (const letter of chunk) {
        if (letter === '\r' || letter === '\n' || letter === END) return typed.join('');
        // In raw mode the terminal makes no signal of Ctrl-C.
        if (letter === '\u0003') throw new Failure('refused', 'interrupted: nothing was changed');
        if (letter === BACK || letter === DELETE) typed.pop();
        else if (letter === KILL) typed = [];
        else typed.push(letter);
      }
    }
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write('\n');
  }
}
