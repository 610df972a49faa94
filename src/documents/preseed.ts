import { shown, type Findings } from './finding.ts';

const TYPES = ['string', 'boolean', 'select', 'multiselect', 'note', 'text', 'password', 'title', 'error', 'seen'];

/**
 * A Debian preseed, as debconf-set-selections(1) reads it: comments, and `OWNER QUESTION TYPE VALUE` lines, where a
 * backslash at the end goes on in the next. All findings are warnings: the installer skips what it cannot read.
 */
export function checkPreseed(text: string, findings: Findings): void {
  let offset = 0;
  let answers = 0;
  let continued = false;
  for (const line of text.split('\n')) {
    const start = offset;
    offset += line.length + 1;
    const goesOn = continued;
    const words = line.trim();
    continued = words.endsWith('\\');
    if (goesOn || words === '' || words.startsWith('#')) continue;
    answers += 1;
    const [owner = '', question = '', type = ''] = words.split(/\s+/);
    if (!question.includes('/')) {
      const remedy = 'write OWNER QUESTION TYPE VALUE, such as "d-i debian-installer/locale string en_US"';
      findings.warn(`${shown(words)} answers no question`, { offset: start, remedy });
    } else if (!TYPES.includes(type)) {
      findings.warn(`${shown(type)} is no type of answer`, {
        offset: start,
        remedy: `one of ${TYPES.slice(0, 7).join(', ')}`,
      });
    } else if (type === 'boolean' && !/^\S+\s+\S+\s+\S+\s+(?:true|false)$/.test(words)) {
      findings.warn(`${shown(`${owner} ${question}`)} wants true or false`, {
        offset: start,
        remedy: 'write one of them',
      });
    }
  }
  if (answers === 0) findings.warn('the preseed answers nothing', { remedy: 'add "d-i ..." lines' });
}
