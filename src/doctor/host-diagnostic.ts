import type { Diagnostic } from '../model/failure.ts';

/** One thing that was looked at. An `error` keeps machines from booting; a `warning` may; `ok` is how it should be. */
export interface HostDiagnostic extends Pick<Diagnostic, 'message' | 'remedy'> {
  readonly about: 'ports' | 'firmware' | 'address' | 'server' | 'firewall' | 'data' | 'dhcp';
  readonly severity: Diagnostic['severity'] | 'ok';
}

/** Diagnostics about one thing, without repeating what it is. */
export function diagnosticsAbout(about: HostDiagnostic['about']) {
  return {
    ok: (message: string): HostDiagnostic => ({ about, severity: 'ok', message }),
    warning: (message: string, remedy: string): HostDiagnostic => ({ about, severity: 'warning', message, remedy }),
    error: (message: string, remedy: string): HostDiagnostic => ({ about, severity: 'error', message, remedy }),
  };
}
