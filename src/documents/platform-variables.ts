/**
 * The variables that coreos-cloudinit replaces in the whole text before it reads it. On PXE nobody gives it their values,
 * so that they become the empty string: the server fills them in for the nodes that it knows. A backslash before the
 * dollar keeps one as it is (the machine takes the backslash away); `${private_ipv4}` is not a variable.
 */
const VARIABLE = /(?<!\\)\$(private|public)_ipv([46])/g;

export interface Addresses {
  readonly ip?: string | undefined;
  /** Where it differs from `ip`. */
  readonly publicIp?: string | undefined;
}

/** The text with every variable whose value is known replaced; the others stay. */
export function fillPlatformVariables(text: string, addresses: Addresses): string {
  return text.replaceAll(
    VARIABLE,
    (whole, scope: string, family: string) => valueOf(scope, family, addresses) ?? whole,
  );
}

/** The variables that would become the empty string on the machine, with their places. */
export function emptyPlatformVariables(
  text: string,
  addresses: Addresses,
): readonly { name: string; offset: number }[] {
  return [...text.matchAll(VARIABLE)]
    .filter(([, scope = '', family = '']) => valueOf(scope, family, addresses) === undefined)
    .map((match) => ({ name: match[0], offset: match.index }));
}

/**
 * `$private_ip` and `$public_ip`, which old instructions name: nobody replaces them. A text that gives such a variable a
 * value itself is a script that knows what it does.
 */
export function nearlyPlatformVariables(text: string): readonly { name: string; meant: string; offset: number }[] {
  return ['private', 'public'].flatMap((scope) => {
    const offset = new RegExp(String.raw`(?<!\\)\$${scope}_ip(?!\w)`).exec(text)?.index;
    if (offset === undefined || new RegExp(`\\b${scope}_ip=`).test(text)) return [];
    return [{ name: `$${scope}_ip`, meant: `$${scope}_ipv4`, offset }];
  });
}

function valueOf(scope: string, family: string, { ip, publicIp }: Addresses): string | undefined {
  const value = scope === 'public' ? (publicIp ?? ip) : ip;
  return value?.includes(':') === (family === '6') ? value : undefined;
}
