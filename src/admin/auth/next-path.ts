export const HOME = '/dashboard';

/**
 * Where to go after the login: a page of ours, whatever was asked for. Only letters that need no thought, so that no
 * browser can read another host in it (`//evil`, `/\evil`, a tab in between).
 */
export function nextPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > 1024) return HOME;
  if (!/^\/dashboard(?:[/?][\w./?&=%:@,;+~-]*)?$/.test(text)) return HOME;
  return /^\/dashboard\/log(?:in|out)\b/.test(text) ? HOME : text;
}
