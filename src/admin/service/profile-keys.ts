import { profileSchema } from '../../catalog/profile-schema.ts';
import type { ProfileView } from '../../model/office-views.ts';
import type { Json, JsonObject } from '../../model/profile.ts';

/** What may stand in a profile: from its schema, for the editor's help. */
export function profileKeys(): ProfileView['keys'] {
  return Object.entries(profileSchema()['properties'] as Readonly<Record<string, JsonObject>>).map(([key, of]) => {
    const [example] = (of['examples'] ?? []) as readonly Json[];
    const help = [of['description'], choices(of)].filter((part) => typeof part === 'string').join(' ');
    return { key, help, ...(example === undefined ? {} : { example: JSON.stringify(example) }) };
  });
}

function choices({ enum: allowed, default: usual }: JsonObject): string | undefined {
  const one = Array.isArray(allowed) ? `One of ${(allowed as readonly string[]).join(', ')}.` : undefined;
  const otherwise = usual === undefined ? undefined : `Default: ${JSON.stringify(usual)}.`;
  const words = [one, otherwise].filter((part) => part !== undefined);
  return words.length === 0 ? undefined : words.join(' ');
}
