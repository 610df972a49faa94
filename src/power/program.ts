import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { Failure } from '../model/failure.ts';
import {
  POWER_ACTIONS,
  type PowerAction,
  powerDone,
  type PowerDriver,
  powerIs,
  type PowerProgram,
} from '../model/power.ts';

export interface ProgramEnd {
  readonly code: number | null;
  /** At most 64 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run; tests give their own. */
export type RunProgram = (
  program: PowerProgram,
  options: { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<ProgramEnd>;

const MOST = 64 * 1024;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a program without a shell, with nothing on its standard input and none of our environment, which may hold the admin token.
 * Killed when the signal aborts. Throws Failure `not-found` when there is no such program, `refused` when it may not run.
 */
export const runProgram: RunProgram = async ([file = '', ...args], { env, signal }) => {
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { PATH, HOME: homedir(), LC_ALL: 'C', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      // A program may leave children that hold its pipes: they end with it.
      detached: true,
    });
    const kept = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        kept[name] = (kept[name] + text).slice(0, MOST);
      });
    }
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended at this very moment.
      }
    };
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    child.on('error', (cause) => {
      signal.removeEventListener('abort', kill);
      reject(startFailure(file, cause));
    });
    child.on('close', (code) => {
      signal.removeEventListener('abort', kill);
      if (signal.aborted) reject(new Failure('unavailable', `${file} has not ended in time and was killed`));
      else resolve({ code, ...kept });
    });
  });
};

function startFailure(file: string, cause: Error): Failure {
  const code = 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'ENOENT') return new Failure('not-found', `there is no program ${file} on this server`, { cause });
  if (code === 'EACCES') return new Failure('refused', `the server may not run ${file}`, { cause });
  return new Failure('unavailable', `${file} cannot be started (${code})`, { cause });
}

export interface CommandWorld {
  readonly run: RunProgram;
  /** The programs that profiles may name. Absolute paths. */
  readonly allowed: readonly string[];
  /** What the program may want to know of the node. */
  readonly env: Readonly<Record<string, string>>;
  readonly controller: string;
}

/** `command`: programs of the operator's. */
export function commandDriver(
  programs: Partial<Record<PowerAction, PowerProgram>>,
  { run, allowed, env, controller }: CommandWorld,
): PowerDriver {
  async function perform(action: PowerAction, signal: AbortSignal): Promise<string> {
    const [file = '', ...args] = programs[action] ?? [];
    if (!allowed.includes(file)) {
      throw new Failure('refused', `profiles may not run ${file}`, {
        remedy: `add it to PILOTLIGHT_POWER_COMMANDS: ${[...allowed, file].join(',')}`,
      });
    }
    const { code, stdout, stderr } = await run([file, ...args], { env, signal });
    if (code === 0) return stdout;
    const said = lastLine(stderr) || lastLine(stdout);
    throw new Failure(
      'unavailable',
      `${file} failed (${code === null ? 'killed' : `status ${code}`})${said && `: ${said}`}`,
    );
  }

  return {
    by: 'a command',
    does: POWER_ACTIONS.filter((action) => programs[action] !== undefined),
    controller,
    async act(action, signal) {
      const answer = await perform(action, signal);
      if (action !== 'status') return powerDone(action, programs[action]?.[0] ?? '');
      const [, state] = /^\s*(on|off)\b/i.exec(answer) ?? [];
      if (state === undefined) {
        throw new Failure('unavailable', `${programs.status?.[0] ?? ''} says neither on nor off`, {
          remedy: 'its standard output must begin with the word on or off',
        });
      }
      return powerIs(state.toLowerCase() === 'on' ? 'on' : 'off');
    },
  };
}

/** What a program said last, for people: one line, no control characters. */
export function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
