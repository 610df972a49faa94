// Writes docs/profile-keys.md from the schema, which is the only description of a profile. A test holds both together.
import { writeFileSync } from 'node:fs';
import { profilePage } from './profile-page.ts';

writeFileSync(new URL('../docs/profile-keys.md', import.meta.url), profilePage());
