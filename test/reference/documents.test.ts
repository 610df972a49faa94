import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';
import { schemaPlaces, type SchemaPart } from '../support/document-schema-walk.ts';
import { hasReference, reference } from './reference-dir.ts';
import { IGNITION_VERSIONS, ignitionCheck, ignitionSchema } from '../../src/documents/ignition-spec.ts';

// Nobody published a schema of 2.0.0.
const VERSIONS = [...IGNITION_VERSIONS.keys()].filter((version) => version !== '2.0.0');

// Ignition's own schemas are not part of this project; ours are held against them where somebody has copies.
const HERE = hasReference(fileOf('3.6.0'));

function fileOf(version: string): string {
  return `feeds/ignition/ignition-v${version.slice(0, 3).replace('.', '_')}.schema.json`;
}

function authentic(version: string): SchemaPart {
  // They say draft-04, which ajv does not know; nothing in them differs from draft-07.
  const text = reference(fileOf(version))
    .toString()
    .replace(/"\$schema":[^,]*,/, '');
  const schema = JSON.parse(text) as SchemaPart & { definitions: { ignition: { required: string[] } } };
  // Before 3.4 the schemas forgot to require it; Ignition does.
  schema.definitions.ignition.required = ['version'];
  return schema;
}

describe.skipIf(!HERE)(`Ignition's own schemas${HERE ? '' : ' (left out: REFERENCE_DIR has none)'}`, () => {
  describe.each(VERSIONS)('%s', (version) => {
    test('the same keys, types and required keys, no more and no fewer', () => {
      const ours = schemaPlaces(ignitionSchema(version));
      const theirs = schemaPlaces(authentic(version));
      expect(ours.length).toBeGreaterThan(80);
      expect(ours).toEqual(theirs);
    });

    test('the same verdict on samples, key by key', () => {
      const theirs = new Ajv({ strict: false }).compile(authentic(version));
      const check = ignitionCheck(version);
      const ours = (value: unknown) =>
        check?.(value).every(({ keyword }) => keyword === 'additionalProperties') === true;
      const differ: string[] = [];
      let refused = 0;
      for (const sample of IGNITION_SAMPLES) {
        const value: unknown = JSON.parse(ignitionText(sample, version));
        if (!ours(value)) refused += 1;
        if (ours(value) !== theirs(value)) differ.push(sample.name);
      }
      for (const { path, types } of schemaPlaces(authentic(version))) {
        for (const wrong of [1, 'a', true, {}, [], 1.5]) {
          const value = documentWith(path, wrong, version);
          if (!ours(value)) refused += 1;
          if (ours(value) !== theirs(value)) differ.push(`${path} (${types.join()}) = ${JSON.stringify(wrong)}`);
        }
      }
      expect(differ).toEqual([]);
      expect(refused).toBeGreaterThan(300);
    });
  });
});

/** A document that holds nothing but one value in one place. */
function documentWith(path: string, value: unknown, version: string): unknown {
  const steps = path.split(/\.|(?=\[\])/).filter((step) => step !== '');
  const inner = steps.reduceRight((inside, step) => (step === '[]' ? [inside] : { [step]: inside }), value);
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
  const { ignition } = inner as { ignition?: unknown };
  if (path === 'ignition' || path === 'ignition.version') return inner;
  return { ...inner, ignition: { version, ...(ignition as object | undefined) } };
}
