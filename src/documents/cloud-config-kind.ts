/** What coreos-cloudinit takes a text for, by its first line (config.go, script.go and ignition.go there). */
export type CloudConfigKind = 'empty' | 'script' | 'cloud-config' | 'multipart' | 'ignition' | 'unknown';

export function cloudConfigKind(text: string): CloudConfigKind {
  if (text === '') return 'empty';
  if (text.startsWith('#!')) return 'script';
  if (firstLine(text) === '#cloud-config') return 'cloud-config';
  if (/^(?:content-type: *multipart\/|mime-version:)/i.test(text)) return 'multipart';
  if (/^\s*\{/.test(text) && /"ignition(?:Version)?"/.test(text)) return 'ignition';
  return 'unknown';
}

/** Right-trimmed, as coreos-cloudinit compares it: CRLF and trailing blanks are fine, anything before it is not. */
export function firstLine(text: string): string {
  return text.slice(0, 4096).split('\n', 1)[0]?.trimEnd() ?? '';
}

/** Why the first line is not `#cloud-config`, where a person would think it is. */
export function headerRemedy(text: string): string {
  if (text.startsWith('\ufeff')) return 'save the file without a byte order mark';
  if (/^#cloud-config[^\n]*\S/.test(firstLine(text)) || firstLine(text).toLowerCase() === '#cloud-config') {
    return 'nothing else may stand in the first line';
  }
  if (/^[ \t]*#[ \t]*cloud-config[ \t\r]*$/m.test(text.slice(0, 65_536))) {
    return 'move "#cloud-config" to the very first line, without blanks before or in it';
  }
  return 'begin the file with the line "#cloud-config"';
}
