const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** An attribute's value with its quotes (XML 1.0, 2.4). */
export function attribute(text: string): string {
  return `'${text.replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? character)}'`;
}
