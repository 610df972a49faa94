import { expect, test } from 'vitest';
import { documentNamed, findDocument, type SourceDocument } from '../../src/catalog/snapshot.ts';
import { document } from './data-folder.ts';

function folder(...names: readonly string[]): ReadonlyMap<string, SourceDocument> {
  return new Map(names.map((name) => [name, document(name)]));
}

test('a cloud-config is found with .yml added, as coreos-ipxe-server did, and as a template', () => {
  expect(findDocument(folder('a.yml'), 'cloud_config', 'a')?.fileName).toBe('a.yml');
  expect(findDocument(folder('a.yml.hbs'), 'cloud_config', 'a')?.fileName).toBe('a.yml.hbs');
});

test('a cloud-config may be named in full', () => {
  expect(findDocument(folder('a.yml'), 'cloud_config', 'a.yml')?.fileName).toBe('a.yml');
  expect(findDocument(folder('a.yaml.hbs'), 'cloud_config', 'a.yaml')?.fileName).toBe('a.yaml.hbs');
});

test('the name with .yml comes first: old profiles mean that one', () => {
  expect(findDocument(folder('a', 'a.yml'), 'cloud_config', 'a')?.fileName).toBe('a.yml');
  expect(findDocument(folder('a.yml', 'a.yml.yml'), 'cloud_config', 'a.yml')?.fileName).toBe('a.yml.yml');
});

test('other documents are named in full, without .hbs', () => {
  expect(findDocument(folder('w.ign', 'w.ign.yml'), 'ignition', 'w.ign')?.fileName).toBe('w.ign');
  expect(findDocument(folder('w.ign.hbs'), 'ignition', 'w.ign')?.fileName).toBe('w.ign.hbs');
  expect(findDocument(folder('w.yml'), 'ignition', 'w')).toBeUndefined();
});

test('a URL names a document without .hbs, or one that has no other name', () => {
  expect(documentNamed(folder('a.yml.hbs'), 'a.yml')?.fileName).toBe('a.yml.hbs');
  expect(documentNamed(folder('a.yml'), 'a')).toBeUndefined();
  expect(documentNamed(folder('a.yml'), 'constructor')).toBeUndefined();
});
