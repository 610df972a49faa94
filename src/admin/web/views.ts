import Handlebars from 'handlebars';
import { readdirSync, readFileSync } from 'node:fs';

/** Draws a view of this room with its data: HTML in which every value is escaped. */
export type Draw = (view: string, data: object) => string;

/**
 * The templates in views/, compiled at their first use. Only this room's own files are compiled: what an operator or
 * a machine wrote is data. `strict`: a value that a template names and nobody gave is a bug, not an empty string.
 */
export function readViews(): Draw {
  const folder = new URL('./views/', import.meta.url);
  const house = Handlebars.create();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.hbs'))) {
    house.registerPartial(file.slice(0, -'.hbs'.length), readFileSync(new URL(file, folder), 'utf8').trimEnd());
  }
  const compiled = new Map<string, Handlebars.TemplateDelegate>();
  return (view, data) => {
    let template = compiled.get(view);
    if (template === undefined) {
      const source: unknown = house.partials[view];
      if (typeof source !== 'string') throw new TypeError(`there is no view ${view}`);
      template = house.compile(source, { strict: true, knownHelpersOnly: true });
      compiled.set(view, template);
    }
    return template(data);
  };
}
