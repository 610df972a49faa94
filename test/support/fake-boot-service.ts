import type { BootService } from '../../src/boot/boot-service.ts';

/** A boot service that answers what a test told it to and nothing else: another call throws, and `unused()` names the rest. */
export interface FakeBootService extends BootService {
  /** Every call, as `name` and its arguments. */
  readonly calls: readonly (readonly [name: string, ...args: unknown[]])[];
  unused(): readonly string[];
}

export function fakeBootService(answers: Partial<BootService> = {}): FakeBootService {
  const calls: [string, ...unknown[]][] = [];
  const own = {
    calls,
    unused: () => Object.keys(answers).filter((name) => !calls.some(([called]) => called === name)),
  };
  return new Proxy(own, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name) as unknown;
      const answer = Reflect.get(answers, name) as ((...args: unknown[]) => unknown) | undefined;
      // Every request asks for the generation; a test says something only when it matters.
      if (name === 'generation') return answer ?? (() => 1);
      return (...args: unknown[]) => {
        calls.push([String(name), ...args]);
        if (answer === undefined) throw new TypeError(`unexpected call: bootService.${String(name)}`);
        return answer(...args);
      };
    },
  }) as unknown as FakeBootService;
}

export const DECISION = {
  outcome: 'boot',
  profile: 'a-coreos',
  because: 'mac 52:54:00:55:1c:ee is node a-coreos of profiles/a-coreos.json',
} as const;

/** The script that most tests get. */
export const SCRIPT = '#!ipxe\nkernel http://x/vmlinuz\nboot\n';
