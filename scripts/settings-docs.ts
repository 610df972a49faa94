// Writes docs/settings.md from the one table of settings. A test holds the page against the table.
import { writeFileSync } from 'node:fs';
import { settingsPage } from './settings-page.ts';

writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage());
