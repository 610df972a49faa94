import { Failure } from '../model/failure.ts';
import { type IpmiPower, POWER_ACTIONS, powerDone, type PowerDriver, powerIs } from '../model/power.ts';
import { lastLine, type ProgramEnd, type RunProgram } from './program.ts';

/** IPMI 2.0 over the network, by Debian's `ipmitool`. `password` is read anew for each command. */
export function ipmiDriver(bmc: IpmiPower, run: RunProgram, password: () => Promise<string>): PowerDriver {
  const port = bmc.port ?? 623;

  async function chassis(words: readonly string[], signal: AbortSignal): Promise<string> {
    const program = [
      // -v: without it a wrong password and a BMC that is not there are told in the same words.
      ...['ipmitool', '-v', '-I', 'lanplus', '-N', '2', '-R', '3'],
      ...['-H', bmc.host, '-p', String(port), '-U', bmc.user, '-E'],
      ...(bmc.cipher === undefined ? [] : ['-C', String(bmc.cipher)]),
      ...['chassis', ...words],
    ];
    // Arguments are shown to every user of this host (ps), the environment is not.
    const end = await run(program, { env: { IPMI_PASSWORD: await password() }, signal }).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
      throw new Failure('unavailable', 'ipmitool is not installed on this server', { remedy: 'apt install ipmitool' });
    });
    if (end.code === 0) return end.stdout;
    throw ipmiFailure(bmc, end);
  }

  async function status(signal: AbortSignal): Promise<'on' | 'off'> {
    const answer = await chassis(['power', 'status'], signal);
    const [, state] = /\bPower is (on|off)\b/i.exec(answer) ?? [];
    if (state === undefined)
      throw new Failure('unavailable', `${bmc.host} says neither on nor off: ${lastLine(answer)}`);
    return state.toLowerCase() === 'on' ? 'on' : 'off';
  }

  return {
    by: 'IPMI',
    does: POWER_ACTIONS,
    controller: `${bmc.host.toLowerCase()}:${port}`,
    async act(action, signal) {
      if (action === 'status') return powerIs(await status(signal));
      // IPMI 2.0, 28.3: a machine that is off cannot be cycled.
      const real = action === 'cycle' && (await status(signal)) === 'off' ? 'on' : action;
      await chassis(['power', real], signal);
      return powerDone(real, 'IPMI');
    },
    async bootFromNetwork(signal) {
      await chassis(['bootdev', 'pxe'], signal);
    },
  };
}

/** What ipmitool says, as what to do. */
function ipmiFailure({ host, user, cipher }: IpmiPower, { code, stderr, stdout }: ProgramEnd): Failure {
  if (/unauthorized name/i.test(stderr)) {
    return new Failure('refused', `${host} knows no user ${user}`, { remedy: 'mend `user`' });
  }
  if (/HMAC is invalid|invalid password|password.*(?:invalid|incorrect)/i.test(stderr)) {
    return new Failure('refused', `${host} does not take the password of ${user}`, {
      remedy: 'put the right one into the file that `password` names',
    });
  }
  if (/insufficient privilege|privilege level/i.test(stderr)) {
    return new Failure('refused', `${host} does not let ${user} do that`, {
      remedy: 'give that user the privilege level OPERATOR or ADMINISTRATOR on the BMC',
    });
  }
  if (/invalid (?:authentication|integrity|confidentiality) algorithm|no matching cipher/i.test(stderr)) {
    return new Failure('unavailable', `${host} does not take cipher suite ${cipher ?? 'that ipmitool proposes'}`, {
      remedy: 'set "cipher": 3 or 17 (`ipmitool channel getciphers ipmi` on the machine lists them)',
    });
  }
  if (/address lookup|could not open socket/i.test(stderr)) {
    return new Failure('unavailable', `the name ${host} is not known here`, { remedy: 'mend `host`, or ask its DNS' });
  }
  if (/unable to establish|no response|Auth Capabilities error/i.test(stderr)) {
    return new Failure('unavailable', `no IPMI controller answers at ${host}`, {
      remedy: 'is it the address of the BMC, is IPMI over LAN switched on there, does a firewall let UDP 623 through?',
    });
  }
  return new Failure(
    'unavailable',
    `ipmitool failed with status ${String(code)}: ${lastLine(stderr) || lastLine(stdout)}`,
  );
}
