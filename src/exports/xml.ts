const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** Text between tags (XML 1.0, 2.4). */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? character);
}

/** An attribute's value with its quotes. */
export function attribute(text: string): string {
  return `'${escaped(text)}'`;
}
