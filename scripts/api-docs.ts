// Fills the tables of docs/api.md from the table of routes and the table of metrics. A test holds the page against them.
import { readFileSync, writeFileSync } from 'node:fs';
import { apiPage } from './api-page.ts';

const page = new URL('../docs/api.md', import.meta.url);
writeFileSync(page, apiPage(readFileSync(page, 'utf8')));
