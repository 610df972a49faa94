import { Failure } from '../model/failure.ts';
import { POWER_ACTIONS, type Power, type PowerAction, powerDone, type PowerDriver, powerIs } from '../model/power.ts';
import { lastLine } from './program.ts';
import { askWeb, type WebAnswer } from './web.ts';
import type { SecretRef } from '../model/secret.ts';

type Requests = Extract<Power, { http: unknown }>['http'];

/** `http`: requests to a smart plug, a PoE switch, a home automation, a KVM. */
export function webHookDriver(
  requests: Requests,
  secret: (ref: SecretRef) => Promise<string>,
  controller: string,
): PowerDriver {
  async function perform(action: PowerAction, signal: AbortSignal): Promise<WebAnswer> {
    const { url, method = 'GET', headers = {}, body } = requests[action] ?? { url: '' };
    const lines: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      lines[name.toLowerCase()] = typeof value === 'string' ? value : headerValue(name, await secret(value));
    const target = new URL(url);
    const answer = await askWeb(target, { method, headers: lines, body, fingerprint: requests.fingerprint, signal });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refusal(target, answer);
  }

  return {
    by: 'a web request',
    does: POWER_ACTIONS.filter((action) => requests[action] !== undefined),
    controller,
    async act(action, signal) {
      const { body } = await perform(action, signal);
      if (action !== 'status') return powerDone(action, new URL(requests[action]?.url ?? '').host);
      const on = requests.status?.on_when;
      if (on === undefined) {
        throw new Failure('conflict', 'the profile does not say how the answer to "status" is read', {
          remedy: 'add "on_when": a text that is in the answer when the machine is on',
        });
      }
      return powerIs(body.includes(on) ? 'on' : 'off');
    },
  };
}

function headerValue(name: string, value: string): string {
  if (/^[ -~]*$/.test(value)) return value;
  throw new Failure('broken', `the secret for the header ${name} is not one line of printable ASCII`);
}

function refusal({ host }: URL, { status, headers, body }: WebAnswer): Failure {
  if (status >= 300 && status < 400) {
    return new Failure('unavailable', `${host} sends the request elsewhere (status ${status}): it was not followed`, {
      remedy: `write the address to which it leads${place(headers.location, host)}`,
    });
  }
  if (status === 401 || status === 403) {
    return new Failure('refused', `${host} does not let us in (status ${status})`, { remedy: 'mend its `headers`' });
  }
  const said = lastLine(body);
  return new Failure('unavailable', `${host} answers with status ${status}${said && `: ${said}`}`);
}

function place(location: string | undefined, host: string): string {
  if (location === undefined || !URL.canParse(location, `http://${host}`)) return '';
  return `: ${new URL(location, `http://${host}`).host}`;
}
